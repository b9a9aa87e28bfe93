// Pairs of lines on one host and path shape that are equally specific and can match the same
// request. Thousands of lines may share a path and differ in a header (one tenant each), so large
// sets are split by value before pairs are compared.

extension RouteConflictAnalysis {
  struct TieSearch {
    /// Lines that are compared each with each.
    private static var pairwiseMax: Int { 24 }
    /// Comparisons for one host and path shape: a few hundred milliseconds.
    private static var comparisonsMax: Int { 2_000_000 }

    /// What has to be equal for two lines to be equally specific.
    private struct Weight: Hashable {
      let isNaming: Bool
      let counts: [Int]
    }

    private struct Field: Hashable {
      let kind: FieldMatch.Kind
      let name: String
    }

    private let candidates: [Candidate]
    private var comparisonsLeft = comparisonsMax
    private var found = Set<[Int]>()
    private(set) var pairs: [(Candidate, Candidate)] = []
    var isIncomplete: Bool { comparisonsLeft <= 0 }

    init(_ candidates: [Candidate]) { self.candidates = candidates }

    mutating func run() {
      var groups: [Weight: [Int]] = [:]
      var order: [Weight] = []
      for (index, candidate) in candidates.enumerated() {
        let match = candidate.match
        let weight = Weight(
          isNaming: !match.methods.isEmpty,
          counts: [match.headers.count, match.queries.count, match.cookies.count])
        if groups[weight] == nil { order.append(weight) }
        groups[weight, default: []].append(index)
      }
      for weight in order { search(groups[weight] ?? [], used: []) }
    }

    /// Looks for ties among `indices`, which are in order.
    private mutating func search(_ indices: [Int], used: Set<Field>) {
      guard indices.count > Self.pairwiseMax, let field = mostCommonField(indices, used) else {
        for (position, later) in indices.enumerated() {
          compare(later, with: indices[..<position])
        }
        return
      }
      var byValue: [String: [Int]] = [:]
      var without: [Int] = []
      var with: [Int] = []
      for index in indices {
        let values = Self.fields(candidates[index].match).first { Self.key($0) == field }?.values
        for value in values ?? [] { byValue[value, default: []].append(index) }
        if values == nil { without.append(index) } else { with.append(index) }
      }
      let used = used.union([field])
      for value in byValue.keys.sorted() { search(byValue[value] ?? [], used: used) }
      search(without, used: used)
      // A line that does not ask for the field can match whatever the others ask for.
      for index in without { compare(index, with: with[...]) }
    }

    /// Notes the first of `others` that ties with `index`: one is enough for its author to act.
    private mutating func compare(_ index: Int, with others: ArraySlice<Int>) {
      for other in others {
        guard comparisonsLeft > 0 else { return }
        comparisonsLeft -= 1
        let (first, second) = (min(index, other), max(index, other))
        guard canTie(candidates[first], candidates[second]) else { continue }
        if found.insert([first, second]).inserted {
          pairs.append((candidates[first], candidates[second]))
        }
        return
      }
    }

    private func canTie(_ a: Candidate, _ b: Candidate) -> Bool {
      guard a.route != b.route else { return false }
      let methods = Set(a.match.methods)
      guard methods.isEmpty || b.match.methods.contains(where: methods.contains) else {
        return false
      }
      let fields = Self.fields(b.match)
      return Self.fields(a.match).allSatisfy { field in
        let same = fields.first { Self.key($0) == Self.key(field) }
        return same == nil || same?.intersection(field) != nil
      }
    }

    private func mostCommonField(_ indices: [Int], _ used: Set<Field>) -> Field? {
      var counts: [Field: Int] = [:]
      for index in indices {
        for field in Self.fields(candidates[index].match) {
          counts[Self.key(field), default: 0] += 1
        }
      }
      let free = counts.filter { !used.contains($0.key) }
      return free.max { ($0.value, $0.key.name) < ($1.value, $1.key.name) }?.key
    }

    private static func fields(_ match: RouteMatch) -> [FieldMatch] {
      match.headers + match.queries + match.cookies
    }

    private static func key(_ match: FieldMatch) -> Field {
      Field(kind: match.kind, name: match.name)
    }
  }
}
