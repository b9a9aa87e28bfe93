// What a token must claim: RFC 7519 section 4, RFC 8725 sections 3.8 to 3.11. The signature has
// been judged before, but for the issuer, by whom the right keys are found.

import Bytes
import Configuration
import PolicyChain
import Signatures

/// The rules of one identity for the claims of its tokens.
struct TokenClaims {
  // Bytes, since these are compared to the letter: RFC 7519 section 2.
  private let issuer: [UInt8]
  private let audiences: Set<[UInt8]>
  private let leeway: UInt64
  private let types: Set<String>
  private let required: [String]
  private let scopesClaim: String
  private let rolesClaim: String

  init(_ settings: JWTIdentity.Settings) {
    issuer = Array((settings.issuer ?? "").utf8)
    audiences = Set(settings.audiences.map { Array($0.utf8) })
    leeway = UInt64(settings.leeway.milliseconds / 1000)
    types = Set(settings.types)
    required = settings.required
    scopesClaim = settings.scopesClaim
    rolesClaim = settings.rolesClaim
  }

  /// The claims of a payload; nil when it is none.
  static func read(_ payload: [UInt8]) -> JSONValue? {
    do throws(JSONError) {
      let value = try JSONReader.read(payload.span)
      guard case .object = value else { return nil }
      return value
    } catch { return nil }
  }

  func isIssuer(of claims: JSONValue) -> Bool { claims["iss"]?.isText(issuer) ?? false }

  /// Whether the header's `typ` is one that is taken; media types may leave out `application/`.
  func takes(type: String?) -> Bool {
    guard var type = type?.lowercased() else { return true }
    if type.hasPrefix("application/") { type.removeFirst("application/".count) }
    return types.contains(type)
  }

  /// The second since 1970 at which the token is no good any more, or why it is no good now.
  func end(of claims: JSONValue, now: UInt64) -> Result<UInt64, TokenRefusal> {
    guard let expiry = claims["exp"] else { return .failure(.neverExpires) }
    guard let end = expiry.wholeSeconds else { return .failure(.time) }
    guard now < end + leeway else { return .failure(.expired) }
    for name in ["nbf", "iat"] {
      guard let claim = claims[name] else { continue }
      guard let start = claim.wholeSeconds else { return .failure(.time) }
      guard start <= now + leeway else { return .failure(.notYetValid) }
    }
    guard isForUs(claims["aud"]) else { return .failure(.audience) }
    if let subject = claims["sub"], subject.text == nil { return .failure(.subject) }
    for name in required where claims[name] == nil || claims[name] == .null {
      return .failure(.claimMissing)
    }
    return .success(end + leeway)
  }

  private func isForUs(_ audience: JSONValue?) -> Bool {
    switch audience {
    case .text(let one)?: return audiences.contains(Array(one.utf8))
    case .list(let all)?:
      // An item that is no text is no audience, and no token of a sound issuer.
      guard all.allSatisfy({ $0.text != nil }) else { return false }
      return all.contains { $0.text.map { audiences.contains(Array($0.utf8)) } ?? false }
    default: return false
    }
  }

  func scopes(_ claims: ClaimValue) -> [[UInt8]] {
    words(claims[scopesClaim] ?? claims["scp"])
  }

  func roles(_ claims: ClaimValue) -> [[UInt8]] { words(claims[rolesClaim]) }

  /// RFC 8693 section 4.2 writes scopes as one text with blanks, others as a list.
  private func words(_ claim: ClaimValue?) -> [[UInt8]] {
    switch claim {
    case .text(let text)?: text.split(separator: " ").map { Array($0.utf8) }
    case .list(let items)?:
      items.compactMap { item in
        if case .text(let text) = item { Array(text.utf8) } else { nil }
      }
    default: []
    }
  }
}

/// Why a token with a good signature is no good, as a stable token for the log.
enum TokenRefusal: Error {
  case payload, type, neverExpires, time, expired, notYetValid, audience, subject, claimMissing
  case claimUnfit

  var cause: DenyCause {
    switch self {
    case .payload: DenyCause("token_claims_unreadable")
    case .type: DenyCause("token_type_wrong")
    case .neverExpires: DenyCause("token_never_expires")
    case .time: DenyCause("token_time_malformed")
    case .expired: DenyCause("token_expired")
    case .notYetValid: DenyCause("token_not_yet_valid")
    case .audience: DenyCause("token_audience_wrong")
    case .subject: DenyCause("token_subject_malformed")
    case .claimMissing: DenyCause("token_claim_missing")
    case .claimUnfit: DenyCause("token_claim_unfit_for_field")
    }
  }
}

extension JWSError {
  var cause: DenyCause {
    switch self {
    case .tooLong: DenyCause("token_too_long")
    case .notCompact: DenyCause("token_not_compact")
    case .encoding: DenyCause("token_encoding")
    case .header: DenyCause("token_header")
    case .critical: DenyCause("token_critical_extension")
    case .unencodedPayload: DenyCause("token_unencoded_payload")
    case .ownKey: DenyCause("token_brings_key")
    case .encrypted: DenyCause("token_encrypted_or_nested")
    case .algorithm: DenyCause("token_algorithm_not_allowed")
    case .unknownKey: DenyCause("token_key_unknown")
    case .signature: DenyCause("token_signature_wrong")
    }
  }
}

extension ClaimValue {
  init(_ json: JSONValue) {
    switch json {
    case .null: self = .null
    case .bool(let isTrue): self = .bool(isTrue)
    case .number(let text): self = .number(text)
    case .text(let text): self = .text(text)
    case .list(let items): self = .list(items.map(ClaimValue.init))
    case .object(let members): self = .object(members.mapValues(ClaimValue.init))
    }
  }
}
