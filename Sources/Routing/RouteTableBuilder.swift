// Builds a route table from the effective match lines of routes and scopes. Runs where the
// configuration is compiled and once per worker; takes time in proportion to the number of routes.

import Bytes
import Configuration

struct RouteTableBuilder {
  /// A candidate that still waits for its place.
  private struct Pending {
    let terminal: Int
    let candidate: RouteTable.Candidate
    let isNaming: Bool
    /// Header, query and cookie matches, in this order of weight.
    let counts: [Int]
    /// Its place in the configuration.
    let order: Int
  }

  private var trie = RouteTrie()
  private var pending: [Pending] = []
  private var captures: ContiguousArray<RouteTable.Capture> = []
  private var conditions: FieldConditions
  private var methods = MethodNames()
  private var parameterNames: [[String]]
  /// For each terminal that scopes cover.
  private var scopesByTerminal: [Int: [Int]] = [:]
  private let seed: UInt64

  init(routeCount: Int, seed: UInt64) {
    self.seed = seed
    conditions = FieldConditions(seed: seed)
    parameterNames = Array(repeating: [], count: routeCount)
  }

  mutating func add(_ match: RouteMatch, of route: Int) throws(RouteTableError) {
    let methods = try methodSet(match.methods)
    let fields = match.headers + match.queries + match.cookies
    guard let conditions = conditions.append(fields) else {
      throw .tooManyFieldNames(max: FieldConditions.namesMax)
    }
    for path in match.paths.isEmpty ? [.any] : match.paths {
      let captures = try addCaptures(path, of: route)
      let candidate = RouteTable.Candidate(
        route: UInt32(route), methods: methods, conditions: conditions, captures: captures,
        restDepth: path.takesRest ? UInt8(path.segments.count - 1) : RouteTable.Candidate.noRest)
      for host in match.hosts.isEmpty ? [.any] : match.hosts {
        pending.append(
          Pending(
            terminal: trie.terminal(host, path), candidate: candidate,
            isNaming: !match.methods.isEmpty,
            counts: [match.headers.count, match.queries.count, match.cookies.count],
            order: pending.count))
      }
    }
  }

  /// Notes what a scope covers. One that names neither host nor path covers nothing: it would take
  /// every answer without a route away from the listener.
  mutating func add(_ scope: RouteScope, at index: Int) {
    for match in scope.matches where !match.hosts.isEmpty || !match.paths.isEmpty {
      for host in match.hosts.isEmpty ? [.any] : match.hosts {
        for path in match.paths.isEmpty ? [.any] : match.paths {
          scopesByTerminal[trie.terminal(host, path), default: []].append(index)
        }
      }
    }
  }

  consuming func finish(_ scopes: [RouteScope]) throws(RouteTableError) -> RouteTableParts {
    let (candidates, ranges) = sortedCandidates()
    var terminals: ContiguousArray<RouteTable.Terminal> = []
    for (index, range) in ranges.enumerated() {
      let scope = Self.innermost(scopesByTerminal[index] ?? [], scopes)
      terminals.append(
        RouteTable.Terminal(naming: range.naming, others: range.others, scope: scope))
    }
    let hosts = hostIndex()
    let steps = steps(terminals, candidates, hosts)
    guard steps <= RouteTable.stepsMax else {
      throw .tooManySteps(steps, max: RouteTable.stepsMax)
    }
    return RouteTableParts(
      hosts: hosts, literals: literalIndex(), nodes: trie.nodes, terminals: terminals,
      candidates: candidates, captures: captures, conditions: conditions, methods: methods,
      depthMax: trie.depthMax, hasScopes: !scopesByTerminal.isEmpty,
      parameterNames: parameterNames, seed: seed)
  }

  private mutating func methodSet(
    _ patterns: [MethodPattern]
  ) throws(RouteTableError) -> MethodSet {
    guard !patterns.isEmpty else { return .all }
    var set = MethodSet.empty
    for pattern in patterns {
      guard let bit = methods.insert(pattern) else {
        throw .tooManyMethods(max: MethodNames.customMax)
      }
      set.formUnion(bit)
    }
    return set
  }

  private mutating func addCaptures(
    _ path: PathPattern, of route: Int
  ) throws(RouteTableError) -> Range<UInt32> {
    let start = UInt32(captures.count)
    for capture in path.captures {
      if !parameterNames[route].contains(capture.name) {
        parameterNames[route].append(capture.name)
      }
      guard parameterNames[route].count <= PathPattern.capturesMax,
        let slot = parameterNames[route].firstIndex(of: capture.name)
      else { throw .tooManyParameters(route: route, max: PathPattern.capturesMax) }
      captures.append(RouteTable.Capture(slot: UInt8(slot), segment: UInt8(capture.segment)))
    }
    return start..<UInt32(captures.count)
  }

  /// All candidates in the order in which a lookup looks at them, and where each terminal's stand.
  private func sortedCandidates() -> (
    ContiguousArray<RouteTable.Candidate>, [(naming: Range<UInt32>, others: Range<UInt32>)]
  ) {
    let sorted = pending.sorted(by: Self.precedes)
    var ranges: [(naming: Range<UInt32>, others: Range<UInt32>)] = []
    var next = 0
    for terminal in 0..<trie.terminalCount {
      let start = next
      while next < sorted.count, sorted[next].terminal == terminal, sorted[next].isNaming {
        next += 1
      }
      let others = next
      while next < sorted.count, sorted[next].terminal == terminal { next += 1 }
      ranges.append((UInt32(start)..<UInt32(others), UInt32(others)..<UInt32(next)))
    }
    return (ContiguousArray(sorted.map(\.candidate)), ranges)
  }

  private static func precedes(_ a: Pending, _ b: Pending) -> Bool {
    if a.terminal != b.terminal { return a.terminal < b.terminal }
    if a.isNaming != b.isNaming { return a.isNaming }
    if a.counts != b.counts { return b.counts.lexicographicallyPrecedes(a.counts) }
    // A tie, which `check` refuses: the order only has to be the same everywhere.
    return a.order < b.order
  }

  private func literalIndex() -> TextIndex {
    let ordered = trie.literals.sorted { $0.value < $1.value }
    return TextIndex(
      ordered.map { literal, child in
        let text = Array(literal.text.utf8)
        return TextIndex.Entry(
          parent: literal.parent, text: text, hash: PathSegments.hash(text, seed: seed),
          value: child)
      })
  }

  private func hostIndex() -> HostIndex {
    let patterns = trie.roots.sorted { $0.value < $1.value }
    var places: [HostPattern: UInt32] = [:]
    for (index, pattern) in patterns.enumerated() { places[pattern.key] = UInt32(index) }
    var groups: ContiguousArray<HostIndex.Group> = []
    var names: [TextIndex.Entry] = []
    for (index, (pattern, root)) in patterns.enumerated() {
      groups.append(HostIndex.Group(root: root, next: Self.next(after: pattern, places)))
      let (parent, name): (UInt32, String)
      switch pattern {
      case .any: continue
      case .exact(let text): (parent, name) = (HostIndex.exact, text)
      case .wildcard(let suffix): (parent, name) = (HostIndex.wildcard, suffix)
      }
      let text = Array(name.utf8)
      names.append(
        TextIndex.Entry(
          parent: parent, text: text, hash: HostIndex.hash(text, seed: seed), value: UInt32(index)))
    }
    return HostIndex(
      groups: groups, names: names, any: places[.any] ?? TextIndex.none, seed: seed)
  }

  /// The most specific other pattern that covers `pattern`.
  private static func next(after pattern: HostPattern, _ places: [HostPattern: UInt32]) -> UInt32 {
    let name: String
    switch pattern {
    case .any: return TextIndex.none
    case .exact(let text): name = text
    case .wildcard(let suffix): name = suffix
    }
    var rest = name[...]
    while let dot = rest.firstIndex(of: ".") {
      rest = rest[rest.index(after: dot)...]
      if let place = places[.wildcard(suffix: String(rest))] { return place }
    }
    return places[.any] ?? TextIndex.none
  }

  /// The deepest of the scopes that cover one terminal; where several are as deep, the deepest
  /// scope that is around all of them, so that no order of lines decides.
  private static func innermost(_ covering: [Int], _ scopes: [RouteScope]) -> UInt32 {
    func ancestors(_ scope: Int) -> [Int] {
      var line = [scope]
      while let parent = scopes[line[0]].parent { line.insert(parent, at: 0) }
      return line
    }
    let lines = covering.map(ancestors)
    guard let depth = lines.map(\.count).max() else { return TextIndex.none }
    let deepest = lines.filter { $0.count == depth }
    for level in stride(from: depth - 1, through: 0, by: -1) {
      let atLevel = Set(deepest.map { $0[level] })
      if atLevel.count == 1, let scope = atLevel.first { return UInt32(scope) }
    }
    return TextIndex.none
  }

  /// An upper bound of the nodes, candidates and values that any one request meets.
  private func steps(
    _ terminals: ContiguousArray<RouteTable.Terminal>,
    _ candidates: ContiguousArray<RouteTable.Candidate>, _ hosts: HostIndex
  ) -> Int {
    func steps(_ terminal: UInt32) -> Int {
      guard terminal != TextIndex.none else { return 0 }
      let range =
        terminals[Int(terminal)].naming.lowerBound..<terminals[Int(terminal)].others.upperBound
      return range.reduce(0) { $0 + 1 + conditions.steps(candidates[Int($1)].conditions) }
    }
    // A node stands behind its parent, so going backwards each one is complete when it is met.
    var literalWorst = [Int](repeating: 0, count: trie.nodes.count)
    var parameterWorst = literalWorst
    var worst = literalWorst
    for index in trie.nodes.indices.reversed() {
      let own = 1 + steps(trie.nodes[index].end) + steps(trie.nodes[index].rest)
      worst[index] = own + literalWorst[index] + parameterWorst[index]
      let (parent, isLiteral) = trie.origins[index]
      if isLiteral {
        literalWorst[Int(parent)] = max(literalWorst[Int(parent)], worst[index])
      } else if Int(parent) != index {
        parameterWorst[Int(parent)] = worst[index]
      }
    }
    return hosts.groups.indices.reduce(0) { most, first in
      var sum = 0
      var group = UInt32(first)
      while group != TextIndex.none {
        sum += worst[Int(hosts.groups[Int(group)].root)]
        group = hosts.groups[Int(group)].next
      }
      return max(most, sum)
    }
  }
}
