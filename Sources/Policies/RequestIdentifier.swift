// Gives every request an id that the log, the upstream and the client all see.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

/// The `request-id` policy: admission makes or takes the id, egress echoes it.
package final class RequestIdentifier: Admission, Egress {
  package enum Generator: String, Sendable, CaseIterable {
    case uuid7
  }

  package struct Settings: Sendable {
    package var header = RequestIdentifier.usualHeader
    package var isTrusted = false
    package var generator = Generator.uuid7
    package var isEchoed = true
  }

  /// Bytes of an id that is taken over: longer ones are nobody's honest id.
  package static let bytesMax = 128

  private static let usualHeader: HeaderName = {
    do { return try HeaderName(parsing: "x-request-id") } catch {
      preconditionFailure("The usual name is a field name.")
    }
  }()

  package static let manual = Manual(
    directive: "request-id",
    summary: "Gives each request an id, tells it to the upstream and the client, and logs it.",
    defaults: Settings(),
    properties: [
      .headerName("header", \.header, "The field that carries the id."),
      .flag(
        "trust", \.isTrusted,
        "Whether every client may choose its id; proxies that 'client-ip' trusts always may."),
      .enumeration("generate", \.generator, "How an id is made."),
      .flag("echo", \.isEchoed, "Whether the answer carries the id."),
    ],
    examples: [
      Example(
        "a client's id is replaced, since nobody vouches for it", config: "request-id",
        .send(
          "GET /", fields: ["X-Request-ID: forged"],
          expect: .forwarded(without: ["X-Request-ID: forged"]))),
      Example(
        "a client's id is kept where the route says so", config: "request-id trust=on",
        .send(
          "GET /", fields: ["X-Request-ID: order-4711"],
          expect: .forwarded(
            fields: ["x-request-id: order-4711"], answer: ["x-request-id: order-4711"]))),
      Example(
        "an id with other characters is never kept", config: "request-id trust=on",
        .send(
          "GET /", fields: ["X-Request-ID: a b"],
          expect: .forwarded(without: ["X-Request-ID: a b"]))),
    ],
    check: { settings in
      let field = KnownField(name: settings.header.lowercased.utf8Span.span)
      return field == .xRequestID || field == .other
        ? []
        : [SettingsProblem("header", "'\(settings.header)' has a meaning of its own in HTTP")]
    })

  package static let registration = Registration(
    .identification, manual, off: nil, ownFields: { settings, _ in [settings.header.lowercased] }
  ) { settings, _ in
    let policy = RequestIdentifier(settings)
    return PolicyParts(admission: policy, egress: policy)
  }

  private let name: [UInt8]
  private let field: KnownField
  private let isTrusted: Bool
  private let isEchoed: Bool

  package init(_ settings: Settings) {
    name = Array(settings.header.lowercased.utf8)
    field = KnownField(name: settings.header.lowercased.utf8Span.span)
    isTrusted = settings.isTrusted
    isEchoed = settings.isEchoed
  }

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    let request = exchange.request
    if isTrusted || exchange.isPeerTrusted, let kept = acceptable(in: request.fields) {
      exchange.requestID = kept
      return .pass
    }
    remove(from: request.fields)
    let id = Self.newID(for: exchange)
    let name = name
    let value = request.fields.add(field, name: name.span) { $0.append(id) }
    guard let value else { throw .noRoomForFields }
    exchange.requestID = value
    return .pass
  }

  /// Also for what was refused before it was a request: it gets an id here.
  package func egress(_ exchange: Exchange) {
    let request = exchange.request
    if exchange.requestID.isEmpty {
      let id = Self.newID(for: exchange)
      guard let kept = request.fields.keep(write: { $0.append(id) }) else {
        exchange.isResponseOverfull = true
        return
      }
      exchange.requestID = kept
    }
    remove(from: exchange.response.fields)
    guard isEchoed else { return }
    let name = name
    exchange.add(field, name: name.span, value: request.text(exchange.requestID))
  }

  /// The client's id, when it sent exactly one and that is harmless wherever ids are written.
  private func acceptable(in fields: FieldSection) -> TextRange? {
    guard let index = first(in: fields), next(in: fields, after: index) == nil else { return nil }
    let value = fields.value(at: index)
    guard (1...Self.bytesMax).contains(value.count) else { return nil }
    for position in 0..<value.count where !Self.isIDByte(value[position]) { return nil }
    let entry = fields.entries[index]
    return TextRange(
      start: entry.value.lowerBound, count: entry.value.count, isAdded: entry.isAdded)
  }

  private static func isIDByte(_ byte: UInt8) -> Bool {
    if ASCII.isLetter(byte) || ASCII.isDigit(byte) { return true }
    return byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":")
      || byte == UInt8(ascii: "-")
  }

  private static func newID(for exchange: Exchange) -> UUID7 {
    let random = exchange.services.random
    return UUID7(
      unixMilliseconds: exchange.wallMilliseconds, random: (random.next(), random.next()))
  }

  private func first(in fields: FieldSection) -> Int? {
    field == .other ? fields.first(named: name, from: 0) : fields.first(field)
  }

  private func next(in fields: FieldSection, after index: Int) -> Int? {
    fields.first(named: name, from: index + 1)
  }

  private func remove(from fields: FieldSection) {
    if field == .other { fields.removeAll(named: name) } else { fields.remove(field) }
  }
}
