// What TLS handshakes agreed on, once for all connections that agreed on the same: an idle
// connection is to hold as little as it can.

import PolicyChain
import TLS

/// One worker's terms, by what a handshake says.
final class SecurityTerms {
  /// The server name is the client's choice, so the table is bounded: with more, it starts anew.
  private static let countMax = 64

  private var known: [TLSNegotiation: ConnectionSecurity] = [:]

  func shared(_ agreed: TLSNegotiation) -> ConnectionSecurity {
    if let terms = known[agreed] { return terms }
    let terms = ConnectionSecurity(
      version: agreed.version.name, cipher: agreed.cipher.name, serverName: agreed.serverName,
      protocolName: agreed.applicationProtocol?.rawValue, isResumed: agreed.isResumed)
    if known.count == Self.countMax { known.removeAll() }
    known[agreed] = terms
    return terms
  }
}
