// Lets a route's connections become WebSocket. RFC 6455, RFC 9110 section 7.8. The policy looks at
// the handshake only; after the upstream's 101 the connection carries bytes that nobody reads here.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

/// The `upgrade` policy. A request that asks for no upgrade passes untouched; one that asks for a
/// protocol that is not known here goes on as a plain request, which RFC 9110 allows.
package final class Upgrade: Admission {
  package enum Target: String, Sendable, CaseIterable {
    case webSocket = "websocket"
  }

  package struct Settings: Sendable {
    package var target = Target.webSocket
    package var idle = TimeSpan.hours(1)
    package var max = TimeSpan.hours(24)
    package var bytes: ByteCount?
  }

  package static let manual = Manual(
    directive: "upgrade",
    summary: "Lets WebSocket handshakes through; every other policy holds for the handshake.",
    inheritance: .record(.off),
    arguments: [.enumeration("protocol", \.target, "The protocol that may follow.")],
    defaults: Settings(),
    properties: [
      .duration(
        "idle", \.idle, in: .milliseconds(1) ... .days(1),
        "Without a byte in either direction. The 'timeout' of the route ends with the 101."),
      .duration(
        "max", \.max, in: .milliseconds(1) ... .days(30), "From the 101 to the end, busy or not."),
      .size(
        "bytes", \.bytes, in: .bytes(1) ... .gibibytes(1024),
        "Bytes of both directions together; without it there is no such bound."),
    ],
    examples: [
      Example(
        "a handshake goes on with its fields", config: "upgrade websocket idle=5m",
        .send(
          "GET /chat", fields: handshake,
          expect: .forwarded(fields: [
            "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
          ]))),
      Example(
        "another protocol is not passed on", config: "upgrade websocket bytes=1GiB",
        .send(
          "GET /chat", fields: ["Connection: upgrade", "Upgrade: foo/2"],
          expect: .forwarded(without: ["Upgrade: foo/2"]))),
      Example(
        "a switch to HTTP/2 is refused: what follows it would be seen by no policy",
        config: "upgrade websocket",
        .send(
          "GET /chat", fields: ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"],
          expect: .refused(400, reason: "upgrade_refused"))),
      Example(
        "a handshake without its key is refused", config: "upgrade websocket",
        .send(
          "GET /chat",
          fields: ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"],
          expect: .refused(400, reason: "upgrade_malformed"))),
    ])

  private static let handshake = [
    "Connection: keep-alive, Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ]

  package static let registration = Registration(.upstream, manual, off: nil) { settings, _ in
    PolicyParts(admission: Upgrade(settings))
  }

  private let idle: UInt64
  private let ageMax: UInt64
  private let bytesMax: UInt64

  package init(_ settings: Settings) {
    idle = UInt64(settings.idle.milliseconds)
    ageMax = UInt64(settings.max.milliseconds)
    bytesMax = settings.bytes.map { UInt64($0.bytes) } ?? .max
  }

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    let request = exchange.request
    guard request.upgrade == .asked, request.fields.present.contains(.upgrade)
    else { return .pass }
    switch wanted(in: request.fields) {
    case .unknown: return .pass
    case .http2: throw .refused(.upgradeRefused)
    case .webSocket: break
    }
    guard let acceptance = Self.acceptance(of: request) else { throw .refused(.upgradeMalformed) }
    exchange.upgrade = UpgradeTerms(
      idle: idle, ageMax: ageMax, bytesMax: bytesMax, acceptance: acceptance)
    request.upgrade = .webSocket
    // Whatever comes of it, the bytes behind this head are no request of ours.
    request.keepsAlive = false
    return .pass
  }

  private enum Wanted {
    case webSocket, http2, unknown
  }

  /// What the Upgrade lines ask for, the most dangerous first.
  private func wanted(in fields: FieldSection) -> Wanted {
    var wanted = Wanted.unknown
    for index in fields.entries.indices where fields.entries[index].field == .upgrade {
      let value = fields.value(at: index)
      if value.hasElement("h2c") || value.hasElement("h2") { return .http2 }
      if value.hasElement("websocket") { wanted = .webSocket }
    }
    return wanted
  }

  /// What the upstream has to answer to a handshake that has all that RFC 6455 section 4.2.1 asks
  /// for; nil when it has not.
  private static func acceptance(of request: Request) -> [UInt8]? {
    let fields = request.fields
    // In HTTP/2 no field can ask for it: the handshake was an extended CONNECT (RFC 8441).
    guard request.method == .get, request.version != .http10, request.framing == .none,
      fields.count(of: .secWebSocketVersion) == 1, fields.count(of: .secWebSocketKey) == 1,
      let index = fields.first(.secWebSocketKey)
    else { return nil }
    let key = fields.value(at: index)
    return WebSocketKey.isWellFormed(key) ? WebSocketKey.acceptance(of: key) : nil
  }
}
