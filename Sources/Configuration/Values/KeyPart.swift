// What tells callers apart in `key=` of buckets and bulkheads.

/// A part of a key: of the request, or of who was proved to call.
package enum KeyPart: Sendable, Hashable, CustomStringConvertible {
  case request(Attribute)
  /// `identity.subject`: the caller, and the identity that proved him.
  case subject
  /// A member of the caller's claims, by its path.
  case claim(String)

  private static let claims = "identity.claims."

  package init(parsing text: String) throws(ValueProblem) {
    if text == "identity.subject" {
      self = .subject
      return
    }
    if text.hasPrefix(Self.claims), text.utf8.count > Self.claims.utf8.count,
      !text.hasSuffix(".")
    {
      self = .claim(String(text.dropFirst(Self.claims.count)))
      return
    }
    if text.hasPrefix("identity.") || text.hasPrefix("tls.") { throw .notInThisVersion }
    let attribute = try Attribute(parsing: text)
    switch attribute {
    case .path, .pathRest:
      throw ValueProblem(
        hint: "a caller would get a bucket for each path; take 'route' or a path parameter")
    default: self = .request(attribute)
    }
  }

  /// Whether somebody must have proved who he is.
  package var needsIdentity: Bool {
    if case .request = self { false } else { true }
  }

  /// What it looks at in the request; nil when it looks at the caller.
  package var attribute: Attribute? {
    if case .request(let attribute) = self { attribute } else { nil }
  }

  package var description: String {
    switch self {
    case .request(let attribute): attribute.description
    case .subject: "identity.subject"
    case .claim(let path): Self.claims + path
    }
  }
}

extension ValueType where Wrapped == KeyPart {
  /// A part of a key that tells callers apart. The list is closed: what a caller chooses freely
  /// with each request, such as the whole path, would give it a bucket for each choice.
  package static var keyPart: ValueType {
    ValueType(
      "an attribute such as client.ip, identity.subject, header.x-tenant or route", calls: [],
      canonical: { .string($0.description) },
      parse: { (text) throws(ValueProblem) in try KeyPart(parsing: text) }
    ).mentioning { part in part.attribute.map { [.attribute($0)] } ?? [] }
  }
}

extension ValueType where Wrapped == KeyPart {
  static var tierClaim: ValueType {
    ValueType(
      "a claim such as identity.claims.plan", calls: [], canonical: { .string($0.description) },
      parse: { (text) throws(ValueProblem) in
        let part = try KeyPart(parsing: text)
        guard case .claim = part else { throw ValueProblem() }
        return part
      })
  }
}
