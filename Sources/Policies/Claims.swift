// What the client asked for, seen from outside: scheme, host and port. The request itself says it,
// unless a trusted proxy in front saw more.

import Bytes
import HTTPMessage

/// Scheme, authority and port under which the client reached the edge.
struct Claims {
  private(set) var isSecure: Bool
  /// The authority, as text of the request's fields.
  private(set) var host: TextRange
  private var saidPort: UInt16?
  private var hostPort: UInt16?

  /// As this connection shows it.
  init(_ request: Request) {
    isSecure = request.isSecure
    host = request.authority
    // Nearly all hosts stand alone; only a port behind one has to be read once more.
    let hasPort = request.host.count != request.authority.count
    hostPort = hasPort ? Authority(request.text(request.authority))?.port : nil
  }

  var port: UInt16 { saidPort ?? hostPort ?? (isSecure ? 443 : 80) }

  /// Takes over what a trusted proxy says. Each field counts only when it stands once and is what
  /// it should be: two values are two opinions.
  mutating func read(_ fields: FieldSection) {
    if let index = Self.only(.xForwardedProto, in: fields) {
      let scheme = fields.value(at: index)
      if scheme.equalsIgnoringCase("https") {
        isSecure = true
      } else if scheme.equalsIgnoringCase("http") {
        isSecure = false
      }
    }
    if let index = Self.only(.xForwardedHost, in: fields),
      let authority = Authority(fields.value(at: index))
    {
      let entry = fields.entries[index]
      host = TextRange(
        start: entry.value.lowerBound, count: entry.value.count, isAdded: entry.isAdded)
      hostPort = authority.port
    }
    if let index = Self.only(.xForwardedPort, in: fields) {
      saidPort = Self.port(fields.value(at: index))
    }
  }

  private static func only(_ field: KnownField, in fields: FieldSection) -> Int? {
    fields.count(of: field) == 1 ? fields.first(field) : nil
  }

  private static func port(_ text: Span<UInt8>) -> UInt16? {
    guard (1...5).contains(text.count) else { return nil }
    var number = 0
    for index in 0..<text.count {
      guard ASCII.isDigit(text[index]) else { return nil }
      number = number * 10 + Int(text[index] - 48)
    }
    return number == 0 ? nil : UInt16(exactly: number)
  }
}
