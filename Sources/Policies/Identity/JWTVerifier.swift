// Judges bearer tokens: RFC 6750 section 2.1. A token that was judged before costs one short
// digest; a new one is taken apart, its signature checked, its claims read.

import Bytes
import HTTPMessage
import OpenSSL
import PolicyChain
import Signatures

/// A worker's verifier of one issuer's tokens.
package final class JWTVerifier: IdentityVerifier {
  package let label: IdentityLabel
  package let challenge = Challenge(
    missing: "Bearer", wrong: "Bearer error=\"invalid_token\"", insufficient: "Bearer")
  /// Authorization carries other credentials too, so it is nobody's own.
  package let credentialFields: [String] = []
  package let assertedFields: [String]

  private let claimHeaders: ClaimHeaders
  private let rules: TokenClaims
  private let algorithms: Set<JWSAlgorithm>
  private let library: LibraryContext
  private let digests: KeyedDigest
  private let isForwarded: Bool
  private let roles: RoleTable
  /// Where unknown keys are asked for; nil when the keys are not published.
  let desk: KeyDesk?
  private var judge: SignatureJudge
  private let cache = Lent(TokenCache())

  package init(
    _ settings: JWTIdentity.Settings, _ keys: KeySet, _ context: VerifierContext
  ) throws(CredentialProblem) {
    label = context.label
    claimHeaders = ClaimHeaders(settings.claimHeaders)
    assertedFields = claimHeaders.names
    rules = TokenClaims(settings)
    algorithms = Set(settings.algorithms)
    library = context.library
    roles = context.roles
    isForwarded = settings.isForwarded
    desk = context.desk
    do throws(CryptoError) {
      digests = try KeyedDigest(library: library)
      judge = try SignatureJudge(keys, algorithms: algorithms, library: library)
    } catch { throw CredentialProblem(error.text) }
  }

  package func adopt(_ material: any Sendable) {
    guard let keys = material as? KeySet else {
      preconditionFailure("A verifier of tokens goes on with keys for them.")
    }
    do throws(CryptoError) {
      judge = try SignatureJudge(keys, algorithms: algorithms, library: library)
      // What a key proved that is gone is proved no more.
      cache { $0.removeAll() }
    } catch {
      // Control has just made keys of the same bytes: only memory can be missing. The old keys
      // stay.
      return
    }
  }

  package func verify(_ exchange: Exchange) -> Proof {
    let fields = exchange.request.fields
    guard let index = fields.first(.authorization) else { return .absent }
    let value = fields.value(at: index)
    guard let start = Self.tokenStart(value) else { return .absent }
    if fields.count(of: .authorization) > 1 { return .wrong(.repeated) }
    return proof(
      of: value.extracting(start..<value.count), now: exchange.wallMilliseconds / 1000)
  }

  /// Judges the text of a token at a second since 1970.
  package func proof(of text: Span<UInt8>, now: UInt64) -> Proof {
    guard text.count <= CompactJWS.bytesMax else { return .wrong(JWSError.tooLong.cause) }
    let digest = digests.digest(of: text)
    if let digest, let known = cache({ $0.principal(of: digest, now: now) }) {
      return .proved(known)
    }
    return judged(text, digest, now: now)
  }

  private func judged(_ text: Span<UInt8>, _ digest: KeyedDigest.Value?, now: UInt64) -> Proof {
    do throws(JWSError) {
      let token = try CompactJWS(text)
      guard let json = TokenClaims.read(token.payload) else {
        return .wrong(TokenRefusal.payload.cause)
      }
      // Another issuer's tokens are another identity's to judge. Nothing is believed yet: a forged
      // issuer only leads to keys that did not sign.
      guard rules.isIssuer(of: json) else { return .foreign }
      try judge.judge(token, text)
      guard rules.takes(type: token.type) else { return .wrong(TokenRefusal.type.cause) }
      switch rules.end(of: json, now: now) {
      // A sound token for someone else may be meant for another identity of the same issuer.
      case .failure(.audience): return .declined(TokenRefusal.audience.cause)
      case .failure(let refusal): return .wrong(refusal.cause)
      case .success(let end):
        guard let principal = principal(json) else {
          return .wrong(TokenRefusal.claimUnfit.cause)
        }
        if let digest {
          let count = text.count
          cache { $0.insert(principal, of: digest, bytes: count, until: end) }
        }
        return .proved(principal)
      }
    } catch {
      return mayBeNew(error, text) ? .pending : .wrong(error.cause)
    }
  }

  private func principal(_ json: JSONValue) -> Principal? {
    let claims = ClaimValue(json)
    guard let fields = claimHeaders.rendered(claims) else { return nil }
    let granted = rules.roles(claims)
    return Principal(
      identity: label, subject: Array((json["sub"]?.text ?? "").utf8),
      scopes: roles.scopes(rules.scopes(claims), of: granted), roles: granted, claims: claims,
      fields: fields)
  }

  package func conceal(in request: Request) throws(Failure) {
    let fields = request.fields
    guard !isForwarded, let index = fields.first(.authorization),
      Self.tokenStart(fields.value(at: index)) != nil
    else { return }
    fields.remove(.authorization)
  }

  /// Where the token begins; nil for another scheme. The scheme's case does not matter: RFC 9110
  /// section 11.1.
  private static func tokenStart(_ value: Span<UInt8>) -> Int? {
    guard value.count > 7, value.extracting(0..<6).equalsIgnoringCase("bearer"),
      value[6] == ASCII.space
    else { return nil }
    var start = 7
    while start < value.count, value[start] == ASCII.space { start += 1 }
    return start < value.count ? start : nil
  }
}
