// Keeps clients on their servers by a cookie. It names a server by a hash that is the same on every
// gateway, and too short to tell where the server is.

import Bytes
import Engine
import HTTPMessage
import PolicyChain

/// What the config says of the cookie.
package struct StickyRule: Sendable, Hashable {
  package let cookie: [UInt8]
  /// Seconds; nil for as long as the client's session lasts.
  package let maxAge: UInt64?
  package let path: [UInt8]

  package init(cookie: [UInt8], maxAge: UInt64?, path: [UInt8]) {
    self.cookie = cookie
    self.maxAge = maxAge
    self.path = path
  }

  /// The server that the request's cookie names; nil when it names none.
  func token(in request: Request) -> UInt32? {
    let fields = request.fields
    guard let index = fields.first(.cookie) else { return nil }
    let value = NamedValue.inCookies(fields.value(at: index), name: cookie.span)
    guard value.count == Self.digitCount else { return nil }
    var token: UInt32 = 0
    for index in value.indices {
      guard let digit = ASCII.hexValue(value[index]) else { return nil }
      token = token << 4 | UInt32(digit)
    }
    return token
  }

  /// Tells the client which server it has.
  func set(_ token: UInt32, on exchange: Exchange) {
    var text = Output(capacity: 128 + cookie.count + path.count)
    text.append(cookie.span)
    text.append("=")
    text.append(hex: UInt64(token), width: Self.digitCount)
    text.append("; Path=")
    text.append(path.span)
    if let maxAge {
      text.append("; Max-Age=")
      text.append(decimal: maxAge)
    }
    if exchange.connection?.security != nil { text.append("; Secure") }
    text.append("; HttpOnly; SameSite=Lax")
    exchange.add(.setCookie, name: KnownField.setCookie.name.bytes, value: text.bytes)
  }

  private static let digitCount = 8
}

extension ServerDefinition {
  /// What stands for the server in a cookie: 32 bits fit thousands of addresses, so that nobody
  /// learns from it which one it is.
  var stickyToken: UInt32 {
    let bytes = Array(name.utf8)
    return UInt32(truncatingIfNeeded: StableHash.of(bytes.span) ?? 0)
  }
}

extension UpstreamPool {
  /// The server of the client's cookie, when it may be asked.
  func chooseSticky(for exchange: Exchange, at now: Instant) -> UpstreamServer? {
    guard let rule = definition.sticky, let token = rule.token(in: exchange.request),
      let server = servers.first(where: { $0.stickyToken == token }),
      server.state.isFit(at: now), !server.isAmong(exchange.upstream.tried)
    else { return nil }
    return server
  }

  /// Sets the cookie when the client has not the one of the server that answered it.
  func stick(_ exchange: Exchange, to server: UpstreamServer) {
    guard let rule = definition.sticky, rule.token(in: exchange.request) != server.stickyToken
    else { return }
    rule.set(server.stickyToken, on: exchange)
  }
}
