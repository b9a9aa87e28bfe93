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
  private var chainText = Output(capacity: 256)
  private var forwarded = Output(capacity: 512)

  package init(_ settings: ClientAddressSettings?) {
    trusted = TrustedNetworks(settings?.trusted ?? [])
    source = settings?.field ?? .xForwardedFor
  }

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    let fields = exchange.request.fields
    guard let connection = exchange.connection, let peer = connection.peerAddress else {
      // A unix socket has no address: nothing can be said about the client, nor believed.
      fields.remove(Self.claims)
      return .pass
    }
    exchange.isPeerTrusted = trusted.contain(peer)
    var said = Claims(exchange.request)
    var chain = ForwardedChain()
    if exchange.isPeerTrusted {
      read(&chain, fields)
      said.read(fields)
    }
    fields.remove(Self.claims)
    let first = firstHop(of: chain)
    let client = first < chain.count ? chain[first] ?? peer : peer
    exchange.clientAddress = client
    render(chain, from: first, peer: connection, said, exchange.request)
    try add(to: exchange, said, isPeer: first == chain.count)
    return .pass
  }

  private func read(_ chain: inout ForwardedChain, _ fields: FieldSection) {
    switch source {
    case .xForwardedFor: chain.readList(fields)
    case .forwarded: chain.readForwarded(fields)
    }
  }

  /// Where the client stands in the chain: the nearest hop that is not trusted, or the farthest of
  /// those that are, as far as hops are addresses. `chain.count` when it is the peer itself.
  private func firstHop(of chain: ForwardedChain) -> Int {
    var first = chain.count
    while first > 0, let hop = chain[first - 1] {
      first -= 1
      if !trusted.contain(hop) { break }
    }
    return first
  }

  /// Writes both forms of the chain: the client, the trusted hops behind it, the peer.
  private func render(
    _ chain: ForwardedChain, from first: Int, peer: DownstreamConnection, _ said: Claims,
    _ request: Request
  ) {
    chainText.clear()
    forwarded.clear()
    for index in first..<chain.count {
      guard let hop = chain[index] else { continue }
      chainText.append(hop)
      chainText.append(", ")
      appendNode(hop)
      forwarded.append(", ")
    }
    chainText.append(peer.peerText)
    if let address = peer.peerAddress { appendNode(address) }
    let host = request.text(said.host)
    if !host.isEmpty {
      forwarded.append(";host=")
      appendToken(host)
    }
    forwarded.append(said.isSecure ? ";proto=https" : ";proto=http")
  }

  private func appendNode(_ address: Bytes.IPAddress) {
    // RFC 7239 section 6: an IPv6 address stands in brackets, and those in quotes.
    forwarded.append(address.isV4 ? "for=" : "for=\"[")
    forwarded.append(address)
    if !address.isV4 { forwarded.append("]\"") }
  }

  /// A host with a port or in brackets is no token: RFC 7239 section 5.3. An authority has neither
  /// quotes nor backslashes in it.
  private func appendToken(_ host: Span<UInt8>) {
    let isToken = FieldSyntax.isToken(host)
    if !isToken { forwarded.append("\"") }
    forwarded.append(host)
    if !isToken { forwarded.append("\"") }
  }

  private func add(to exchange: Exchange, _ said: Claims, isPeer: Bool) throws(Failure) {
    let request = exchange.request
    let fields = request.fields
    let proto: StaticString = said.isSecure ? "https" : "http"
    guard fields.add(.xForwardedFor, chainText), let entry = fields.entries.last
    else { throw .noRoomForFields }
    if !isPeer {
      // The client's text is the first one of the list.
      let value = fields.text(entry.value, isAdded: true)
      exchange.clientText = TextRange(
        start: entry.value.lowerBound,
        count: value.firstIndex(of: UInt8(ascii: ","), from: 0), isAdded: true)
    }
    var isWhole = fields.add(.xForwardedProto, value: proto.bytes)
    if !said.host.isEmpty {
      isWhole = isWhole && fields.add(.xForwardedHost, value: request.text(said.host))
    }
    isWhole = isWhole && fields.add(.forwarded, forwarded)
    chainText.clear()
    chainText.append(decimal: UInt64(said.port))
    isWhole = isWhole && fields.add(.xForwardedPort, chainText)
    guard isWhole else { throw .noRoomForFields }
  }
}
