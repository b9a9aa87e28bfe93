// `identity NAME jwt`: signed tokens of an issuer, RFC 7519, judged by RFC 8725.

import Bytes
import Configuration
import OpenSSL
import PolicyChain
import Signatures

package enum JWTIdentity {
  package struct Settings: Sendable {
    package var name = ""
    package var kind = Word.jwt
    package var issuer: String?
    package var audiences: [String] = []
    package var algorithms: [JWSAlgorithm] = []
    package var keySet: KeySetSource?
    package var keyPath: String?
    package var refresh = TimeSpan.minutes(5)
    package var authorityPath: String?
    package var secret: Secret?
    package var leeway = TimeSpan.seconds(30)
    package var types = ["jwt", "at+jwt"]
    package var required: [String] = []
    package var scopesClaim = "scope"
    package var rolesClaim = "roles"
    package var isForwarded = false
    package var claimHeaders: [Named<[String]>] = []
  }

  package enum Word: String, Sendable, CaseIterable {
    case jwt
  }

  package static let manual = Manual<Settings>(
    directive: "identity", variant: "jwt",
    summary: "Signed tokens (RFC 7519) in 'Authorization: Bearer', judged by RFC 8725.",
    scopes: [.top], inheritance: .none, defines: .identity,
    arguments: [
      .value("name", \.name, .name, "Its name."),
      .enumeration("kind", \.kind, "The kind of credential."),
    ],
    defaults: Settings(),
    properties: [
      .text("issuer", \.issuer, "The claim 'iss', to the letter."),
      .list("audience", \.audiences, of: .text, "One of these must be in the claim 'aud'."),
      .list("algorithms", \.algorithms, of: .enumeration, "All that are taken, whatever it says."),
      .value("jwks", \.keySet, .keySetSource, "The issuer's keys: a URL, or file(\"PATH\")."),
      .duration(
        "refresh", \.refresh, in: .seconds(30) ... .hours(24),
        "After what time keys of a URL are fetched again; unknown ones are asked for at once."),
      .path("ca", \.authorityPath, "Who vouches for the URL's server, when not the system's."),
      .path("key", \.keyPath, "The issuer's one public key, in PEM."),
      .secret("secret", \.secret, "The secret of HS256, HS384 and HS512."),
      .duration("leeway", \.leeway, in: .zero ... .seconds(60), "How far clocks may be apart."),
      .list("typ", \.types, of: .tokenType, "What the header may call it, if it says."),
      .list("required", \.required, of: .text, "Claims that must be there besides."),
      .text("scopes", \.scopesClaim, "The claim that holds the scopes; 'scp' where there is none."),
      .text("roles", \.rolesClaim, "The claim that holds the roles."),
      .flag("forward", \.isForwarded, "Whether the upstream gets the token."),
      .family(
        "claim-header", \.claimHeaders, of: ValueType.text.literal,
        "A field for the upstream, and its claim."),
    ],
    examples: [
      Example(
        "tokens of a build system, its keys in a file",
        config: "identity robots jwt issuer=\"ci\" audience=[api] "
          + "jwks=file(\"certs/ci.jwks.json\") algorithms=[EdDSA]"),
      Example(
        "one key, and the tenant told to the upstream",
        config: "identity staff jwt issuer=\"https://id.example.com\" audience=[api] "
          + "key=\"certs/id.pem\" algorithms=[ES256] claim-header.x-tenant=tenant"),
      Example(
        "an OpenID provider that changes its keys now and then",
        config: "identity people jwt issuer=\"https://id.example.com\" audience=[api] "
          + "jwks=\"https://id.example.com/jwks.json\" algorithms=[ES256 RS256]"),
    ],
    check: { $0.problems })

  package static let kind = IdentityKind(
    manual, files: { $0.files }, published: { $0.published },
    read: { (settings, files) throws(CredentialProblem) in try settings.keys(files) },
    build: { (settings, keys, context) throws(CredentialProblem) in
      try JWTVerifier(settings, keys, context)
    })
}

/// Where a set of keys is published.
package enum KeySetSource: Sendable, Hashable, CustomStringConvertible {
  case file(String)
  case url(WebURL)

  package var description: String {
    switch self {
    case .file(let path): "file:\(path)"
    case .url(let url): url.description
    }
  }
}

extension ValueType where Wrapped == KeySetSource {
  package static var keySetSource: ValueType {
    var type = ValueType(
      "a URL such as https://id.example.com/jwks.json, or file(\"PATH\")", calls: [.file],
      canonical: { .string($0.description) },
      parse: { (text) throws(ValueProblem) -> KeySetSource in
        guard text.contains("://") else { throw ValueProblem(hint: "write file(\"\(text)\")") }
        let url = try WebURL(parsing: text)
        guard url.scheme == "https" || url.isLoopback else {
          throw ValueProblem("takes https://: whoever can change the keys can sign tokens")
        }
        return .url(url)
      })
    type.file = { .file($0) }
    return type
  }
}

extension ValueType where Wrapped == String {
  /// A media type of tokens as `typ` has it, in lower case and without `application/`.
  fileprivate static var tokenType: ValueType {
    ValueType(
      "a type such as jwt or at+jwt", calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard !text.isEmpty, text == text.lowercased(), !text.hasPrefix("application/") else {
          throw ValueProblem()
        }
        return text
      })
  }
}

extension JWTIdentity.Settings {
  fileprivate var files: [String] {
    if let keyPath { return [keyPath] }
    if case .file(let path)? = keySet { return [path] }
    return []
  }

  fileprivate var published: PublishedKeys? {
    guard case .url(let url)? = keySet else { return nil }
    return PublishedKeys(
      url: url, authorityPath: authorityPath, refresh: UInt64(refresh.milliseconds))
  }

  /// The audit of CONFIG.md, and what must fit together.
  fileprivate var problems: [SettingsProblem] {
    var problems: [SettingsProblem] = []
    let said = [
      ("issuer", issuer != nil), ("audience", !audiences.isEmpty),
      ("algorithms", !algorithms.isEmpty),
    ]
    for (property, isSaid) in said where !isSaid {
      problems.append(
        SettingsProblem(
          property, "'jwt' without '\(property)=' takes tokens that were meant for others",
          code: .looseToken))
    }
    let sources = [("jwks", keySet != nil), ("key", keyPath != nil), ("secret", secret != nil)]
      .filter(\.1).map(\.0)
    guard sources.count == 1 else {
      let message = "'jwt' takes its keys from exactly one of jwks=, key= and secret="
      return problems + [SettingsProblem(sources.last ?? "kind", message)]
    }
    for algorithm in algorithms where algorithm.isSymmetric != (secret != nil) {
      let message =
        algorithm.isSymmetric
        ? "'\(algorithm.rawValue)' with public keys lets everyone sign who can read them"
        : "'\(algorithm.rawValue)' needs a public key, not a secret"
      problems.append(SettingsProblem("algorithms", message, code: .symmetricKeySet))
    }
    if authorityPath != nil, published?.isSecure != true {
      problems.append(SettingsProblem("ca", "'ca=' is for jwks=\"https://...\""))
    }
    return problems + ClaimHeaders.problems(claimHeaders, known: nil)
  }

  fileprivate func keys(_ files: [CredentialFile]) throws(CredentialProblem) -> KeySet {
    // Keys of a URL come later.
    if published != nil, files.isEmpty { return KeySet(keys: [], skipped: []) }
    let set = try readKeys(files)
    if published != nil {
      // An issuer may be between two algorithms: one that is served is enough.
      let isAnyUsed = algorithms.contains { algorithm in
        set.keys.contains { $0.fits(algorithm) }
      }
      if isAnyUsed { return set }
    }
    for algorithm in algorithms where !set.keys.contains(where: { $0.fits(algorithm) }) {
      let why = set.skipped.isEmpty ? "" : " (\(set.skipped.joined(separator: "; ")))"
      throw CredentialProblem("there is no key for \(algorithm.rawValue)\(why)")
    }
    return set
  }

  private func readKeys(_ files: [CredentialFile]) throws(CredentialProblem) -> KeySet {
    let library: LibraryContext
    do throws(CryptoError) { library = try LibraryContext() } catch {
      throw CredentialProblem(error.text)
    }
    if let secret {
      guard let set = secret.reveal({ KeySet(secret: $0) }) else {
        throw CredentialProblem("the secret was not resolved")
      }
      return set
    }
    guard let file = files.first else { throw CredentialProblem("there is no file of keys") }
    do throws(KeySetError) {
      return keyPath != nil
        ? try KeySet(pem: file.bytes.span, library: library)
        : try KeySet(jwks: file.bytes.span, library: library)
    } catch { throw CredentialProblem("\(file.path): \(error.text)") }
  }
}
