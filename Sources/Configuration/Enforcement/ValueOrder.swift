// Comparing values of one type: what bounds such as `total<=30s` need to know.

extension ParsedValue {
  /// Whether it is less than another value of its type; nil when the type has no order, or when one
  /// of them is not known without an environment.
  func isLess(than other: ParsedValue) -> Bool? {
    guard let mine = payload as? any Comparable else { return nil }
    return less(mine, other)
  }

  private func less<Value: Comparable>(_ mine: Value, _ other: ParsedValue) -> Bool? {
    (other.payload as? Value).map { mine < $0 }
  }

  /// Whether it keeps to what is demanded. On lists `>=` is a superset and `<=` a subset.
  func keeps(_ operation: PropertySyntax.Operator, _ bound: ParsedValue) -> Bool {
    let mine = items.map { Set($0.map(\.canonical)) }
    let theirs = bound.items.map { Set($0.map(\.canonical)) }
    switch (operation, mine, theirs) {
    case (.atLeast, let mine?, let theirs?): return mine.isSuperset(of: theirs)
    case (.atMost, let mine?, let theirs?): return mine.isSubset(of: theirs)
    case (.atLeast, _, _): return isLess(than: bound) == false
    case (.atMost, _, _): return bound.isLess(than: self) == false
    case (_, let mine?, let theirs?): return mine == theirs
    case (_, _, _): return canonical == bound.canonical || isSame(as: bound)
    }
  }

  /// Whether both mean the same, however they are written: `60s` and `1m`.
  private func isSame(as other: ParsedValue) -> Bool {
    isLess(than: other) == false && other.isLess(than: self) == false
  }
}

extension JSON {
  /// A canonical value as the config language writes it.
  var written: String {
    switch self {
    case .string(let text): text
    case .bool(let isOn): isOn ? "on" : "off"
    case .array(let items): "[" + items.map(\.written).joined(separator: " ") + "]"
    default: compact
    }
  }
}
