// The fold of CONFIG.md's inheritance table: scopes are applied from the outermost in, each by the
// class of its directives. It reads declarations only, so it knows no directive by name.

/// One statement of a keyed set, conjunction or atomic value that holds.
struct FoldedEntry: Sendable {
  let declaration: any DirectiveDeclaration
  let key: String
  let values: [SettledProperty]
  let location: SourceLocation
}

/// A record's values that differ from the built-in ones, or that it is off.
struct FoldedRecord: Sendable {
  let declaration: any DirectiveDeclaration
  var isOn: Bool
  /// Where it was last switched on or off; nil when only properties were changed.
  var switchedAt: SourceLocation?
  /// The innermost scope that states it, such as `group orders`.
  var owner = ""
  var values: [String: SettledProperty] = [:]

  /// In the order of the declaration; families by name.
  var ordered: [SettledProperty] {
    values.values.sorted { left, right in
      left.slot == right.slot ? left.name < right.name : left.slot.order < right.slot.order
    }
  }
}

extension PropertySlot {
  /// Arguments first, then properties, as declared.
  var order: Int {
    switch self {
    case .argument(let index): index
    case .property(let index): 1000 + index
    }
  }
}

/// What holds in a scope. A value: an inner scope starts from a copy of the outer one.
struct FoldedScope: Sendable {
  /// An entry of a set by its directive and key; a conjunction as a whole has an empty key.
  struct SetKey: Hashable {
    let directive: String
    let key: String

    init(_ directive: String, _ key: String) {
      self.directive = directive
      self.key = key
    }
  }

  /// Where entries were switched off, which an `enforce` may not let pass.
  private(set) var switchedOff: [SetKey: SourceLocation] = [:]
  private(set) var records: [String: FoldedRecord] = [:]
  private(set) var sets: [String: [FoldedEntry]] = [:]
  private(set) var slots: [String: [FoldedEntry]] = [:]

  /// Applies the statements of one scope, whose order does not matter.
  ///
  /// - Parameter owner: the scope, such as `group orders`.
  mutating func apply(
    _ statements: [CheckedStatement], of owner: String, to diagnostics: inout DiagnosticList
  ) {
    var replaced: Set<String> = []
    for statement in statements {
      switch statement.shape.inheritance {
      case .record(let builtIn): apply(statement, builtIn, of: owner, to: &diagnostics)
      case .keyedSet(let keys): apply(statement, keys: keys, to: &diagnostics)
      case .conjunction: conjoin(statement)
      case .atomic(let slot):
        let kept = replaced.insert(slot).inserted ? [] : slots[slot] ?? []
        slots[slot] = kept + [entry(statement, key: "")]
      case .narrowing, .none: continue
      }
    }
  }

  private func entry(_ statement: CheckedStatement, key: String) -> FoldedEntry {
    FoldedEntry(
      declaration: statement.declaration, key: key, values: statement.values,
      location: statement.location)
  }

  // MARK: Records

  private mutating func apply(
    _ statement: CheckedStatement, _ builtIn: Inheritance.BuiltIn, of owner: String,
    to diagnostics: inout DiagnosticList
  ) {
    let name = statement.directive
    var record =
      records[name] ?? FoldedRecord(declaration: statement.declaration, isOn: builtIn == .on)
    switch statement.form {
    case .off:
      record = FoldedRecord(declaration: statement.declaration, isOn: false)
      record.switchedAt = statement.location
    case .reset:
      record = FoldedRecord(declaration: statement.declaration, isOn: true)
      record.switchedAt = statement.location
    case .settings:
      if !record.isOn { record.switchedAt = statement.location }
      record.isOn = true
    }
    record.owner = owner
    for change in statement.changes { apply(change, to: &record, &diagnostics) }
    for argument in statement.arguments { record.values[argument.name] = argument }
    records[name] = record
  }

  private func apply(
    _ change: PropertyChange, to record: inout FoldedRecord, _ diagnostics: inout DiagnosticList
  ) {
    let property = change.property
    guard change.operation == .add || change.operation == .remove else {
      record.values[property.name] = property
      return
    }
    let inherited =
      record.values[property.name]?.value.items
      ?? record.declaration.builtInItems(property.slot, at: property.provenance)
    let named = property.value.items ?? []
    var items = inherited
    for item in named {
      let index = items.firstIndex { $0.canonical == item.canonical }
      switch (change.operation, index) {
      case (.add, nil): items.append(item)
      case (.remove, let index?): items.remove(at: index)
      case (.remove, nil):
        diagnostics.add(
          Diagnostic(
            .nothingToRemove,
            "'\(property.name)' does not have \(item.canonical.compact) to remove",
            at: item.location))
      default: continue
      }
    }
    record.values[property.name] = SettledProperty(
      slot: property.slot, name: property.name,
      value: ParsedValue(list: items, at: property.provenance))
  }

  // MARK: Sets

  private mutating func apply(
    _ statement: CheckedStatement, keys: Int, to diagnostics: inout DiagnosticList
  ) {
    let name = statement.directive
    let key = statement.key(keys)
    switchedOff[SetKey(name, key)] = statement.form == .off ? statement.location : nil
    var entries = sets[name, default: []]
    let index = entries.firstIndex { $0.key == key }
    switch (statement.form, index) {
    case (.off, let index?): entries.remove(at: index)
    case (.off, nil):
      diagnostics.add(
        Diagnostic(
          .nothingToRemove, "no '\(name)' of this key is inherited", at: statement.nameLocation))
    case (_, let index?): entries[index] = entry(statement, key: key)
    case (_, nil): entries.append(entry(statement, key: key))
    }
    sets[name] = entries
  }

  private mutating func conjoin(_ statement: CheckedStatement) {
    if statement.form == .off {
      sets[statement.directive] = []
      switchedOff[SetKey(statement.directive, "")] = statement.location
    } else {
      let added = entry(statement, key: "")
      sets[statement.directive, default: []].append(added)
    }
  }

  // MARK: What is set for all

  func isOn(_ record: String, _ builtIn: Inheritance.BuiltIn) -> Bool {
    records[record]?.isOn ?? (builtIn == .on)
  }

  /// Sets a property that no scope says.
  mutating func set(
    _ property: SettledProperty, of declaration: any DirectiveDeclaration, isOn: Bool
  ) {
    let name = declaration.shape.directive
    var record = records[name] ?? FoldedRecord(declaration: declaration, isOn: isOn)
    record.values[property.name] = property
    records[name] = record
  }

  /// Adds a statement that holds for all, unless it is there, or an entry of its key is.
  mutating func join(_ statement: CheckedStatement) {
    let key = key(of: statement)
    let entries = sets[statement.directive, default: []]
    let isThere = entries.contains {
      key.isEmpty ? $0.location == statement.location : $0.key == key
    }
    if !isThere { sets[statement.directive] = entries + [entry(statement, key: key)] }
  }

  /// The key of a set's entry; empty for a conjunction, whose entries have none.
  func key(of statement: CheckedStatement) -> String {
    guard case .keyedSet(let keys) = statement.shape.inheritance else { return "" }
    return statement.key(keys)
  }
}

extension CheckedStatement {
  /// The key that its first arguments make.
  fileprivate func key(_ count: Int) -> String {
    arguments.prefix(count).map(\.value.canonical.compact).joined(separator: " ")
  }
}
