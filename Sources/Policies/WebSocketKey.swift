// The key of a WebSocket handshake and the answer that proves that an upstream understood it. RFC
// 6455 sections 4.1 and 4.2.2.

import Bytes
import OpenSSL

package enum WebSocketKey {
  /// Sixteen bytes in base64.
  package static let count = 24
  private static let identifier: StaticString = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

  /// Whether the text is the base64 form of sixteen bytes, with nothing left over in it.
  package static func isWellFormed(_ key: Span<UInt8>) -> Bool {
    guard key.count == count, key[22] == UInt8(ascii: "="), key[23] == UInt8(ascii: "=")
    else { return false }
    for index in 0..<22 where Base64.value(of: key[index]) == nil { return false }
    // Two of the last digit's six bits are used: a canonical encoder leaves the others zero.
    return Base64.value(of: key[21]).map { $0 & 0x0F == 0 } ?? false
  }

  /// A key of sixteen random bytes.
  package static func make(from first: UInt64, _ second: UInt64) -> [UInt8] {
    let bytes = [first, second].flatMap { word in
      stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
    }
    return Base64.encode(bytes)
  }

  /// What the upstream has to answer to this key; nil when it cannot be computed.
  package static func acceptance(of key: Span<UInt8>) -> [UInt8]? {
    var text = Output(capacity: 64)
    text.append(key)
    text.append(identifier)
    return SHA1.digest(of: text.bytes).map(Base64.encode)
  }
}

/// RFC 4648 section 4.
enum Base64 {
  private static let digits = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits: UInt32 = 0
      for byte in group { bits = bits << 8 | UInt32(byte) }
      bits <<= UInt32(8 * (3 - group.count))
      for place in 0..<4 {
        let digit = digits[Int(bits >> UInt32(18 - 6 * place) & 0x3F)]
        text.append(place <= group.count ? digit : UInt8(ascii: "="))
      }
    }
    return text
  }

  static func value(of digit: UInt8) -> UInt8? {
    digits.firstIndex(of: digit).map { UInt8(truncatingIfNeeded: $0) }
  }
}
