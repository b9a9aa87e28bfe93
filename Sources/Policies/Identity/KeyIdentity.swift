// `identity NAME key`: API keys that `sluice key add` made, known by their salted hashes.

import Configuration
import HTTPMessage
import PolicyChain

package enum KeyIdentity {
  package struct Settings: Sendable {
    package var name = ""
    package var kind = Word.key
    package var header: HeaderName?
    package var cookie: String?
    package var path = ""
    package var claimHeaders: [Named<[String]>] = []

    /// Where the key stands in a request.
    var place: Place {
      if let cookie { return .cookie(cookie) }
      return .header(header?.lowercased ?? "x-api-key")
    }
  }

  package enum Word: String, Sendable, CaseIterable {
    case key
  }

  enum Place: Sendable {
    case header(String)
    case cookie(String)
  }

  /// Claims of a key that a field may carry.
  static let claims = ["id", "subject", "tier", "scopes", "roles"]

  package static let manual = Manual<Settings>(
    directive: "identity", variant: "key",
    summary: "API keys, kept as salted hashes; 'sluice key' adds, lists and revokes them.",
    scopes: [.top], inheritance: .none, defines: .identity,
    arguments: [
      .value("name", \.name, .name, "Its name."),
      .enumeration("kind", \.kind, "The kind of credential."),
    ],
    defaults: Settings(),
    properties: [
      .value("header", \.header, .headerName, "The field that carries the key: x-api-key."),
      .value("cookie", \.cookie, .cookieName, "The cookie that carries the key, instead."),
      .path("keys", \.path, "The file of the keys; it is read again when it changes.").required,
      .family(
        "claim-header", \.claimHeaders, of: ValueType.text.literal,
        "A field for the upstream: one of \(claims.listed)."),
    ],
    later: ["query"],
    examples: [
      Example(
        "partners show a key", config: "identity partner key header=x-api-key keys=\"keys.conf\""),
      Example(
        "the upstream learns whose key it was",
        config: "identity partner key keys=\"keys.conf\" claim-header.x-partner=subject"),
    ],
    check: { $0.problems })

  package static let kind = IdentityKind(
    manual, files: { [$0.path] }, published: { _ in nil },
    read: { (settings, files) throws(CredentialProblem) in try KeyRing(files) },
    build: { (settings, ring, context) throws(CredentialProblem) in
      try KeyVerifier(settings, ring, context)
    })
}

extension KeyIdentity.Settings {
  fileprivate var problems: [SettingsProblem] {
    var problems: [SettingsProblem] = []
    if header != nil, cookie != nil {
      problems.append(
        SettingsProblem("cookie", "a key stands in a header or in a cookie, not in both"))
    }
    if let header, KnownField(name: header.lowercased.utf8Span.span) != .other {
      problems.append(
        SettingsProblem("header", "'\(header)' has a meaning of its own in HTTP"))
    }
    return problems + ClaimHeaders.problems(claimHeaders, known: KeyIdentity.claims)
  }
}

/// The keys of a file, as values that every worker makes its table from.
package struct KeyRing: Sendable {
  package let entries: [KeyEntry]

  init(_ files: [CredentialFile]) throws(CredentialProblem) {
    var entries: [KeyEntry] = []
    for file in files {
      guard file.bytes.count <= KeyFile.bytesMax else {
        throw CredentialProblem("\(file.path) has over \(KeyFile.bytesMax >> 20)MiB")
      }
      let read = KeyFile(file.bytes, path: file.path)
      if read.hasErrors { throw CredentialProblem(read.problemText) }
      entries += read.entries
    }
    self.entries = entries
  }
}

extension ValueType where Wrapped == String {
  /// The name of a cookie: RFC 6265 section 4.1.1.
  package static var cookieName: ValueType {
    ValueType(
      "the name of a cookie", calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard FieldSyntax.isName(text.utf8Span.span) else { throw ValueProblem() }
        return text
      })
  }
}
