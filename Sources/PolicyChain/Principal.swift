// Who calls: what one identity of the config has proved about a request.

import Bytes
import HTTPMessage

/// A caller that a credential has proved.
///
/// Made once per credential and worker, then shared by the requests that show it: proving the same
/// credential again allocates nothing.
public final class Principal {
  /// The identity that proved it.
  public let identity: IdentityLabel
  /// Empty when the credential names nobody.
  public let subject: [UInt8]
  public let scopes: [[UInt8]]
  public let roles: [[UInt8]]
  public let claims: ClaimValue
  /// Fields that tell the upstream about the caller.
  private let fields: [(name: [UInt8], value: [UInt8])]

  public init(
    identity: IdentityLabel, subject: [UInt8], scopes: [[UInt8]], roles: [[UInt8]],
    claims: ClaimValue,
    fields: [(name: [UInt8], value: [UInt8])]
  ) {
    self.identity = identity
    self.subject = subject
    self.scopes = scopes
    self.roles = roles
    self.claims = claims
    self.fields = fields
  }

  /// Adds the fields that tell about the caller. Returns false when there is no room for them.
  public func addFields(to section: FieldSection) -> Bool {
    for field in fields {
      let name = field.name.span
      guard section.add(KnownField(name: name), name: name, value: field.value.span) else {
        return false
      }
    }
    return true
  }
}

/// A claim of a credential, as JSON has it.
public indirect enum ClaimValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// The number as it was written.
  case number(String)
  case text(String)
  case list([ClaimValue])
  case object([String: ClaimValue])

  /// A member by its path, such as `realm_access.roles`. A name with dots in it comes first, as
  /// claims that are URLs have them.
  public subscript(path: String) -> ClaimValue? {
    guard case .object(let members) = self else { return nil }
    if let found = members[path] { return found }
    guard let dot = path.firstIndex(of: "."), let inner = members[String(path[..<dot])]
    else { return nil }
    return inner[String(path[path.index(after: dot)...])]
  }

  /// The claim as the text of one field; lists of plain values are joined by commas. Nil for what
  /// has no such form.
  public var fieldText: String? {
    switch self {
    case .null, .object: nil
    case .bool(let isTrue): isTrue ? "true" : "false"
    case .number(let text), .text(let text): text
    case .list(let items):
      items.reduce(String?.some("")) { joined, item in
        guard let joined, let text = item.fieldText, !text.contains(",") else { return nil }
        return joined.isEmpty ? text : joined + "," + text
      }
    }
  }
}

/// Why a credential did not prove anything, or a caller may not pass: a stable token for the log,
/// never for the client.
public struct DenyCause: Sendable, Equatable {
  public let token: StaticString

  public init(_ token: StaticString) { self.token = token }

  public static func == (a: Self, b: Self) -> Bool {
    a.token.description == b.token.description
  }

  public static let missing = DenyCause("credential_missing")
  /// No identity of the rule takes this credential.
  public static let foreign = DenyCause("credential_of_no_identity")
  public static let repeated = DenyCause("credential_repeated")
  public static let malformed = DenyCause("credential_malformed")
  public static let scopeMissing = DenyCause("scope_missing")
  public static let roleMissing = DenyCause("role_missing")
}

/// A decision against a request, for log and metrics: which rule decided, and where it is written.
public struct Denial: Sendable {
  public let cause: DenyCause
  /// Such as `auth routes.conf:14:3`.
  public let rule: [UInt8]
  /// The identity whose credential was wrong or not enough; nil when there was none.
  public let identity: IdentityLabel?
  /// Whether the request passed all the same.
  public let isShadow: Bool
  /// Whether it was a rule about who calls: only those are counted among credentials.
  public let isOfCredentials: Bool

  public init(
    cause: DenyCause, rule: [UInt8], identity: IdentityLabel?, isShadow: Bool,
    isOfCredentials: Bool = true
  ) {
    self.isOfCredentials = isOfCredentials
    self.cause = cause
    self.rule = rule
    self.identity = identity
    self.isShadow = isShadow
  }
}
