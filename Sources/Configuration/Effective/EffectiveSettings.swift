// What holds for a listener, a scope or a route after inheritance: typed for the policies, walkable
// for adapt and explain, with the place of every value.

/// One statement of a keyed set, conjunction or atomic value, typed.
package struct EffectiveEntry<Settings: Sendable>: Sendable {
  package let settings: Settings
  package let location: SourceLocation
}

/// The effective settings of one scope.
package struct EffectiveSettings: Sendable {
  let folded: FoldedScope
  let schema: Schema

  /// A record's settings; nil when it is off.
  package func settings<Settings>(of manual: Manual<Settings>) -> Settings? {
    guard case .record(let builtIn) = manual.shape.inheritance else {
      preconditionFailure("Only a record has one settings value; the others have entries.")
    }
    guard let record = folded.records[manual.shape.directive] else {
      return builtIn == .on ? manual.defaults : nil
    }
    return record.isOn ? manual.settings(applying: record.ordered) as? Settings : nil
  }

  /// The statements of a keyed set, conjunction or atomic directive that hold; none when it is
  /// absent.
  package func entries<Settings>(of manual: Manual<Settings>) -> [EffectiveEntry<Settings>] {
    entries(of: manual.shape).compactMap { entry in
      (manual.settings(applying: entry.values) as? Settings).map {
        EffectiveEntry(settings: $0, location: entry.location)
      }
    }
  }

  /// The name of the directive that fills a slot, such as `to` or `respond` for the action.
  package func directive(inSlot slot: String) -> String? {
    folded.slots[slot]?.first?.declaration.shape.directive
  }

  /// Where a record's property was written; nil when it is built in.
  package func provenance(of property: String, in directive: String) -> SourceLocation? {
    folded.records[directive]?.values[property]?.provenance
  }

  /// The innermost scope that states a record, such as `group orders`; empty when none does.
  package func owner(of directive: String) -> String { folded.records[directive]?.owner ?? "" }

  func entries(of shape: DirectiveShape) -> [FoldedEntry] {
    switch shape.inheritance {
    case .keyedSet, .conjunction: folded.sets[shape.directive] ?? []
    case .atomic(let slot):
      (folded.slots[slot] ?? []).filter {
        $0.declaration.shape.directive == shape.directive
      }
    case .record, .narrowing, .none: []
    }
  }

  /// Every value that holds, with its place.
  var values: [SettledProperty] {
    folded.records.values.filter(\.isOn).flatMap(\.ordered)
      + folded.sets.values.flatMap { $0.flatMap(\.values) }
      + folded.slots.values.flatMap { $0.flatMap(\.values) }
  }
}
