// Finds out who the client is, and tells the upstream. What strangers say about addresses, hosts
// and protocols is dropped; X-Forwarded-* and Forwarded (RFC 7239) are written anew.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

/// The policy behind `client-ip`. Nobody is believed unless the config names the proxy's network.
package final class ClientAddress: Admission {
  /// Fields that tell origins who or where the client is, or what it asked for, in every dialect.
  /// They are removed whoever sent them: what a trusted proxy said is written anew.
  static let claims = KnownFieldSet([
    .forwarded, .xForwarded, .xForwardedFor, .xForwardedHost, .xForwardedProto, .xForwardedPort,
    .xForwardedPrefix, .xForwardedURI, .xForwardedPath, .xForwardedMethod, .xForwardedServer,
    .xForwardedSSL, .xRealIP, .xClientIP, .trueClientIP, .xClusterClientIP, .cfConnectingIP,
    .fastlyClientIP, .clientCert, .clientCertChain, .xSSLClientCert, .xOriginalURL, .xRewriteURL,
    .xOriginalHost,
  ])

  /// Their names, for whoever has to know other spellings of them.
  static let claimNames: [String] = KnownField.allCases.filter(claims.contains).map {
    $0.name.description.lowercased()
  }

  private let trusted: TrustedNetworks
  private let source: ForwardedField
  private let hops = Lent(ForwardedChain())

  package init(_ settings: ClientAddressSettings?) {
    trusted = TrustedNetworks(settings?.trusted ?? [])
    source = settings?.field ?? .xForwardedFor
  }

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    guard let connection = exchange.connection, let peer = connection.peerAddress else {
      // A unix socket has no address: nothing can be said about the client, nor believed.
      exchange.request.fields.remove(Self.claims)
      return .pass
    }
    exchange.isPeerTrusted = trusted.contain(peer)
    if exchange.isPeerTrusted {
      try tell(exchange, of: peer, on: connection)
    } else {
      try tell(exchange, ofStranger: peer, on: connection)
    }
    return .pass
  }

  /// A stranger is described by its connection and by the host that it asks for: what was written
  /// for its last request fits the next one that names the same.
  private func tell(
    _ exchange: Exchange, ofStranger peer: Bytes.IPAddress, on connection: DownstreamConnection
  ) throws(Failure) {
    let request = exchange.request
    let fits = connection.forwarding { $0.fits(request) }
    if fits, let lines = connection.forwarding({ $0.lines }) {
      request.fields.remove(Self.claims)
      exchange.clientAddress = peer
      guard request.fields.add(lines) else { throw .noRoomForFields }
      return
    }
    let mark = request.fields.mark
    try tell(exchange, of: peer, on: connection)
    connection.forwarding { memo in
      if fits { memo.lines = request.fields.lines(since: mark) } else { memo.note(request) }
    }
  }

  private func tell(
    _ exchange: Exchange, of peer: Bytes.IPAddress, on connection: DownstreamConnection
  ) throws(Failure) {
    try hops { chain throws(Failure) in
      chain.clear()
      try tell(exchange, of: peer, on: connection, behind: &chain)
    }
  }

  private func tell(
    _ exchange: Exchange, of peer: Bytes.IPAddress, on connection: DownstreamConnection,
    behind chain: inout ForwardedChain
  ) throws(Failure) {
    let fields = exchange.request.fields
    var said = Claims(exchange.request)
    if exchange.isPeerTrusted {
      read(&chain, fields)
      said.read(fields)
    }
    fields.remove(Self.claims)
    let first = firstHop(of: chain)
    exchange.clientAddress = first < chain.count ? chain[first] ?? peer : peer
    try addForwardedFor(to: exchange, &chain, from: first, connection)
    try add(said, to: exchange.request)
    guard addForwarded(to: exchange.request, &chain, from: first, connection, said)
    else { throw .noRoomForFields }
  }

  private func read(_ chain: inout ForwardedChain, _ fields: FieldSection) {
    switch source {
    case .xForwardedFor: chain.readList(fields)
    case .forwarded: chain.readForwarded(fields)
    }
  }

  /// Where the client stands in the chain: the nearest hop that is not trusted, or the farthest of
  /// those that are, as far as hops are addresses. `chain.count` when it is the peer itself.
  private func firstHop(of chain: borrowing ForwardedChain) -> Int {
    var first = chain.count
    while first > 0, let hop = chain[first - 1] {
      first -= 1
      if !trusted.contain(hop) { break }
    }
    return first
  }

  /// Writes the client, the trusted hops behind it, and the peer.
  private func addForwardedFor(
    to exchange: Exchange, _ chain: inout ForwardedChain, from first: Int,
    _ connection: DownstreamConnection
  ) throws(Failure) {
    let fields = exchange.request.fields
    let value = fields.add(.xForwardedFor) { line in
      for index in first..<chain.count {
        guard let hop = chain[index] else { continue }
        line.append(hop)
        line.append(", ")
      }
      line.append(connection.peerText)
    }
    guard let value else { throw .noRoomForFields }
    guard first < chain.count else { return }
    // The client's text is the first one of the list.
    exchange.clientText = TextRange(
      start: Int(value.start), count: fields.text(value).firstIndex(of: UInt8(ascii: ","), from: 0),
      isAdded: true)
  }

  private func add(_ said: Claims, to request: Request) throws(Failure) {
    let fields = request.fields
    let scheme: StaticString = said.isSecure ? "https" : "http"
    var isWhole = fields.add(.xForwardedProto, value: scheme.bytes)
    if !said.host.isEmpty {
      isWhole = isWhole && fields.add(.xForwardedHost, value: request.text(said.host))
    }
    let port = UInt64(said.port)
    guard isWhole, fields.add(.xForwardedPort, { $0.append(decimal: port) }) != nil
    else { throw .noRoomForFields }
  }

  /// Writes the same chain as RFC 7239 has it. Returns false when there is no room.
  private func addForwarded(
    to request: Request, _ chain: inout ForwardedChain, from first: Int,
    _ connection: DownstreamConnection, _ said: Claims
  ) -> Bool {
    let host = request.text(said.host)
    let value = request.fields.add(.forwarded) { line in
      for index in first..<chain.count {
        guard let hop = chain[index] else { continue }
        Self.append(hop, to: &line)
        line.append(", ")
      }
      if let peer = connection.peerAddress { Self.append(peer, to: &line) }
      if !host.isEmpty {
        line.append(";host=")
        Self.append(token: host, to: &line)
      }
      if said.isSecure { line.append(";proto=https") } else { line.append(";proto=http") }
    }
    return value != nil
  }

  private static func append(_ address: Bytes.IPAddress, to line: inout Output) {
    // RFC 7239 section 6: an IPv6 address stands in brackets, and those in quotes.
    if address.isV4 { line.append("for=") } else { line.append("for=\"[") }
    line.append(address)
    if !address.isV4 { line.append("]\"") }
  }

  /// A host with a port or in brackets is no token: RFC 7239 section 5.3. An authority has neither
  /// quotes nor backslashes in it.
  private static func append(token host: Span<UInt8>, to line: inout Output) {
    let isToken = FieldSyntax.isToken(host)
    if !isToken { line.append("\"") }
    line.append(host)
    if !isToken { line.append("\"") }
  }
}
