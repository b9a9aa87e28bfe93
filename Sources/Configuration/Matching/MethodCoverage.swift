// Which methods a set of routes takes without any further condition.

/// Methods, and the routes that take them.
struct MethodCoverage {
  private var takesAll = false
  private var names: Set<String> = []
  private(set) var routes: [Int] = []

  init() {}

  init(_ methods: [MethodPattern], by route: Int) {
    takesAll = methods.isEmpty
    names = Set(methods.map(\.name))
    if names.contains("GET") { names.insert("HEAD") }
    routes = [route]
  }

  var isEmpty: Bool { !takesAll && names.isEmpty }

  /// Whether nothing is left for a route that names `methods`, or none at all.
  func takes(_ methods: [MethodPattern]) -> Bool {
    if takesAll { return true }
    return !methods.isEmpty && MethodCoverage(methods, by: 0).names.isSubset(of: names)
  }

  func union(_ other: MethodCoverage) -> MethodCoverage {
    var union = self
    union.takesAll = takesAll || other.takesAll
    union.names.formUnion(other.names)
    union.routes += other.routes
    return union
  }

  func intersection(_ other: MethodCoverage) -> MethodCoverage {
    if isEmpty || other.isEmpty { return MethodCoverage() }
    var common = union(other)
    common.takesAll = takesAll && other.takesAll
    switch (takesAll, other.takesAll) {
    case (true, false): common.names = other.names
    case (false, true): common.names = names
    default: common.names = names.intersection(other.names)
    }
    return common
  }
}
