// Names of the config by kind, and the check that every reference names something.

struct NameTable {
  private var places: [EntityKind: [String: SourceLocation]] = [:]

  /// Notes a name; the place of the first one when it is taken.
  mutating func insert(
    _ name: String, _ kind: EntityKind, at location: SourceLocation
  ) -> SourceLocation? {
    if let first = places[kind]?[name] { return first }
    places[kind, default: [:]][name] = location
    return nil
  }

  func has(_ name: String, _ kind: EntityKind) -> Bool { places[kind]?[name] != nil }

  func place(of name: String, _ kind: EntityKind) -> SourceLocation? { places[kind]?[name] }

  func names(_ kind: EntityKind) -> [String] { (places[kind] ?? [:]).keys.sorted() }
}
