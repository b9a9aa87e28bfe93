// The certificate of a client: proved in the handshake, judged by the identities that a request
// meets.

/// What a client showed in its handshake, and what identities made of it. One per connection, and
/// only where the client showed one.
public final class ClientCertificate {
  /// The client's own, in DER.
  public let leaf: [UInt8]
  /// What it sent with it, in DER, from the issuer upwards.
  public let chain: [[UInt8]]

  private struct Opinion {
    /// What it rests on. Held, so that nothing else can come to have its address.
    let basis: AnyObject
    let proof: Proof
    let until: UInt64
  }

  /// One for each identity that has been asked. Identities of earlier generations leave theirs
  /// behind, so there is a bound.
  private var opinions: [Opinion] = []
  private static let opinionsMax = 8

  public init(leaf: [UInt8], chain: [[UInt8]]) {
    self.leaf = leaf
    self.chain = chain
  }

  /// What was found on that basis and still holds; nil when it has to be found.
  public func proof(on basis: AnyObject, at now: UInt64) -> Proof? {
    opinions.first { $0.basis === basis && now < $0.until }?.proof
  }

  /// Keeps a finding until a moment, in milliseconds since 1970.
  public func keep(_ proof: Proof, on basis: AnyObject, until: UInt64) {
    opinions.removeAll { $0.basis === basis }
    if opinions.count == Self.opinionsMax { opinions.removeFirst() }
    opinions.append(Opinion(basis: basis, proof: proof, until: until))
  }
}
