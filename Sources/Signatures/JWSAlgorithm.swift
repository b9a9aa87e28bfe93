// The algorithms of JWS that are taken: RFC 7518 section 3, RFC 8037. `none` is no algorithm.

import OpenSSL

package enum JWSAlgorithm: String, Sendable, Hashable, CaseIterable {
  case rs256 = "RS256"
  case rs384 = "RS384"
  case rs512 = "RS512"
  case ps256 = "PS256"
  case ps384 = "PS384"
  case ps512 = "PS512"
  case es256 = "ES256"
  case es384 = "ES384"
  case es512 = "ES512"
  case edDSA = "EdDSA"
  case hs256 = "HS256"
  case hs384 = "HS384"
  case hs512 = "HS512"

  package enum Means: Sendable {
    case signature(SignatureScheme)
    case code(DigestName)
  }

  package var means: Means {
    switch self {
    case .rs256: .signature(.rsaPKCS1(.sha256))
    case .rs384: .signature(.rsaPKCS1(.sha384))
    case .rs512: .signature(.rsaPKCS1(.sha512))
    case .ps256: .signature(.rsaPSS(.sha256))
    case .ps384: .signature(.rsaPSS(.sha384))
    case .ps512: .signature(.rsaPSS(.sha512))
    case .es256: .signature(.ecdsa(.sha256))
    case .es384: .signature(.ecdsa(.sha384))
    case .es512: .signature(.ecdsa(.sha512))
    case .edDSA: .signature(.edwards)
    case .hs256: .code(.sha256)
    case .hs384: .code(.sha384)
    case .hs512: .code(.sha512)
    }
  }

  /// Whether both sides know the same secret.
  package var isSymmetric: Bool {
    if case .code = means { true } else { false }
  }
}
