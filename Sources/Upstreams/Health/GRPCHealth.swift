// Messages of gRPC's own health checks: one field each way.
// https://github.com/grpc/grpc, doc/health-checking.md, and the encoding of protocol buffers.

import Bytes

/// Writes the question of `grpc.health.v1.Health/Check`, and reads its answer.
enum GRPCHealth {
  static let path = "/grpc.health.v1.Health/Check"
  /// Bytes of an answer that are read: a status takes seven.
  static let answerBytesMax = 1_024

  enum Status: UInt64 {
    case unknown = 0
    case serving = 1
    case notServing = 2
    case serviceUnknown = 3

    var text: String {
      switch self {
      case .unknown: "UNKNOWN"
      case .serving: "SERVING"
      case .notServing: "NOT_SERVING"
      case .serviceUnknown: "SERVICE_UNKNOWN"
      }
    }
  }

  /// A framed HealthCheckRequest. An empty service asks for the server as a whole.
  ///
  /// - Parameter service: at most 127 bytes, so that its length takes one.
  static func request(for service: String) -> [UInt8] {
    let name = Array(service.utf8)
    let message = name.isEmpty ? [] : [0x0A, UInt8(truncatingIfNeeded: name.count)] + name
    return [0, 0, 0, 0, UInt8(truncatingIfNeeded: message.count)] + message
  }

  /// The status in a framed HealthCheckResponse; nil when the bytes are none. A field that is not
  /// there has its default, which is unknown.
  static func status(in bytes: [UInt8]) -> Status? {
    guard bytes.count >= 5, bytes[0] == 0 else { return nil }
    let count = bytes[1...4].reduce(0) { $0 << 8 | Int($1) }
    guard bytes.count == 5 + count else { return nil }
    var reader = FieldReader(bytes: bytes, offset: 5)
    var found: UInt64 = 0
    while !reader.isAtEnd {
      guard let key = reader.number() else { return nil }
      if key == 1 << 3 {
        guard let value = reader.number() else { return nil }
        found = value
      } else if !reader.skip(wireType: key & 7) {
        return nil
      }
    }
    return Status(rawValue: found)
  }

  /// Reads fields of a message, never beyond its end.
  private struct FieldReader {
    let bytes: [UInt8]
    var offset: Int

    var isAtEnd: Bool { offset >= bytes.count }

    mutating func number() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard !isAtEnd else { return nil }
        let byte = bytes[offset]
        offset += 1
        value |= UInt64(byte & 0x7F) << shift
        if byte & 0x80 == 0 { return value }
      }
      return nil
    }

    mutating func skip(wireType: UInt64) -> Bool {
      switch wireType {
      case 0: return number() != nil
      case 1: return skip(bytes: 8)
      case 2:
        guard let count = number(), count <= UInt64(bytes.count) else { return false }
        return skip(bytes: Int(count))
      case 5: return skip(bytes: 4)
      default: return false
      }
    }

    private mutating func skip(bytes count: Int) -> Bool {
      guard count <= bytes.count - offset else { return false }
      offset += count
      return true
    }
  }
}
