// A client that writes frames by hand, as no library would.

import Bytes
import HTTP2

final class RawPeer {
  /// The stream that was opened last.
  private(set) var stream: HTTP2Stream?
  let bodies = BufferPool(capacity: 64 * 1024, idleMax: 4)
  let server: HTTP2Session
  private let answers = Buffer(capacity: 96 * 1024)

  init(_ settings: HTTP2Settings = HTTP2Settings(), _ limits: FloodLimits = FloodLimits()) throws {
    server = try HTTP2Session(.server, settings: settings, limits: limits, bodies: bodies)
    try send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + Self.frame(4))
  }

  static func frame(
    _ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []
  ) -> [UInt8] {
    let count = UInt32(payload.count)
    return [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags]
      + word(stream) + payload
  }

  static func word(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  /// `GET https://a/`, from the static table but for the authority.
  static let head: [UInt8] = [0x82, 0x87, 0x84, 0x41, 0x01, 0x61]

  /// Fields as literals that stay out of the table, of up to 126 bytes each.
  static func encoded(_ fields: [(String, String)]) -> [UInt8] {
    var block: [UInt8] = []
    for (name, value) in fields {
      block.append(0x10)
      for text in [name, value] {
        block.append(UInt8(text.utf8.count))
        block.append(contentsOf: text.utf8)
      }
    }
    return block
  }

  static func request(_ stream: UInt32, ends: Bool = true) -> [UInt8] {
    frame(1, flags: ends ? 5 : 4, stream: stream, head)
  }

  /// Feeds bytes, takes what they open, and lets the server say what it has to.
  func send(_ bytes: [UInt8], takesHeads: Bool = true) throws {
    let wire = Buffer(capacity: max(bytes.count, 1))
    _ = wire.append(bytes.span)
    repeat {
      wire.consume(try server.receive(wire.bytes))
      while let stream = server.takeOpened() {
        self.stream = stream
        if takesHeads, let head = stream.takeHead() { server.recycle(head) }
      }
      server.tellObservers()
      answers.clear()
      _ = try server.write(into: answers)
    } while !wire.isEmpty
  }

  /// Sends round after round until the server has had enough. Returns after how many, and why.
  func flood(
    atMost rounds: Int, _ round: (Int) -> [UInt8]
  ) -> (rounds: Int, kind: FloodKind?) {
    for index in 0..<rounds {
      do {
        try send(round(index))
      } catch HTTP2Error.flood(let kind) {
        return (index + 1, kind)
      } catch { return (index + 1, nil) }
    }
    return (rounds, nil)
  }
}
