// `claim-header.NAME=CLAIM`: fields that tell an upstream what a credential says of the caller.

import Configuration
import HTTPMessage
import PolicyChain

/// The fields of one identity.
struct ClaimHeaders {
  private let fields: [(name: String, claim: String)]

  init(_ settings: [Named<[String]>]) {
    fields = settings.map { ($0.name.lowercased(), $0.value.first ?? "") }
  }

  var names: [String] { fields.map(\.name) }

  /// The fields for a caller with these claims; a claim that is absent gives none. Nil when a claim
  /// cannot stand in a field: then nothing is said about the caller at all.
  func rendered(_ claims: ClaimValue) -> [(name: [UInt8], value: [UInt8])]? {
    var rendered: [(name: [UInt8], value: [UInt8])] = []
    for field in fields {
      guard let claim = claims[field.claim], claim != .null else { continue }
      guard let text = claim.fieldText, text.utf8.allSatisfy({ 32...126 ~= $0 }),
        FieldSyntax.isValue(text.utf8Span.span), text.utf8.count <= Self.bytesMax
      else { return nil }
      rendered.append((Array(field.name.utf8), Array(text.utf8)))
    }
    return rendered
  }

  /// Bytes of one field: what else comes in a token is no attribute of a caller.
  private static let bytesMax = 2048

  /// What is wrong with the settings.
  /// - Parameter known: the claims that there are; nil when any may be.
  static func problems(_ settings: [Named<[String]>], known: [String]?) -> [SettingsProblem] {
    settings.compactMap { header in
      let property = "claim-header.\(header.name)"
      let name = header.name.utf8Span.span
      guard header.name == header.name.lowercased(), FieldSyntax.isName(name),
        KnownField(name: name) == .other, !header.name.contains(where: { $0 == "_" || $0 == "." })
      else {
        return SettingsProblem(property, "'\(header.name)' is no name for a field of Sluice's own")
      }
      guard header.value.count == 1, let claim = header.value.first, !claim.isEmpty else {
        return SettingsProblem(property, "a field carries one claim")
      }
      guard known?.contains(claim) ?? true else {
        return SettingsProblem(property, "'\(claim)' is none of \(known?.listed ?? "")")
      }
      return nil
    }
  }
}
