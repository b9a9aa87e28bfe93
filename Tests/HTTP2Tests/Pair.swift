// A client and a server session that talk over memory.

import Bytes
import HTTP2

/// Two sessions, and what they say to each other.
final class Pair {
  let bodies = BufferPool(capacity: 64 * 1024, idleMax: 4)
  let client: HTTP2Session
  let server: HTTP2Session
  private let wire = Buffer(capacity: 96 * 1024)

  init(_ settings: HTTP2Settings = HTTP2Settings(), limits: FloodLimits = FloodLimits()) throws {
    client = try HTTP2Session(
      .client, settings: HTTP2Settings(), limits: FloodLimits(), bodies: bodies)
    server = try HTTP2Session(.server, settings: settings, limits: limits, bodies: bodies)
  }

  /// Moves bytes both ways until nobody has anything to say.
  func talk() throws {
    var isBusy = true
    while isBusy {
      isBusy = false
      if try move(client, server) { isBusy = true }
      if try move(server, client) { isBusy = true }
    }
  }

  private func move(_ from: HTTP2Session, _ to: HTTP2Session) throws -> Bool {
    wire.clear()
    _ = try from.write(into: wire)
    guard !wire.isEmpty else { return false }
    try Self.feed(wire, to: to)
    return true
  }

  static func feed(_ bytes: Buffer, to session: HTTP2Session) throws {
    while !bytes.isEmpty { bytes.consume(try session.receive(bytes.bytes)) }
  }

  static func fields(_ list: [(StaticString, StaticString)]) -> OutgoingFields {
    let fields = OutgoingFields()
    for (name, value) in list { fields.append(name: name.bytes, value: value.bytes, .indexed) }
    return fields
  }

  static func buffer(_ text: [UInt8]) -> Buffer {
    let buffer = Buffer(capacity: max(text.count, 1))
    _ = buffer.append(text.span)
    return buffer
  }
}

extension HeaderBlock {
  var pairs: [String] {
    fields.map { "\(text($0.name).text): \(text($0.value).text)" }
  }
}

extension HTTP2Stream {
  /// What waits of the body, as text.
  var inboundText: String? {
    guard let inbound else { return nil }
    return inbound.bytes.text
  }
}
