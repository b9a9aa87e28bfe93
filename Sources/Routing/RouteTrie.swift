// The path tries of all host patterns while a table is built: dictionaries that the finished table
// does without.

import Configuration

struct RouteTrie {
  struct Literal: Hashable {
    let parent: UInt32
    let text: String
  }

  private(set) var nodes: ContiguousArray<RouteTable.Node> = []
  private(set) var literals: [Literal: UInt32] = [:]
  private(set) var roots: [HostPattern: UInt32] = [:]
  /// The node above each node, itself for a root, and whether a literal leads from there to here.
  private(set) var origins: ContiguousArray<(parent: UInt32, isLiteral: Bool)> = []
  private(set) var terminalCount = 0
  private(set) var depthMax = 0

  /// The terminal of a host and path pattern, made when it is new.
  mutating func terminal(_ host: HostPattern, _ path: PathPattern) -> Int {
    var node = root(of: host)
    for segment in path.segments {
      switch segment {
      case .literal(let text): node = child(of: node, text)
      case .parameter: node = parameter(of: node)
      case .rest: break
      }
    }
    let depth = path.takesRest ? path.segments.count - 1 : path.segments.count
    depthMax = max(depthMax, depth)
    return path.takesRest ? rest(of: Int(node)) : end(of: Int(node))
  }

  private mutating func root(of host: HostPattern) -> UInt32 {
    if let root = roots[host] { return root }
    let root = append(parent: UInt32(nodes.count), isLiteral: false)
    roots[host] = root
    return root
  }

  private mutating func child(of node: UInt32, _ text: String) -> UInt32 {
    let literal = Literal(parent: node, text: text)
    if let child = literals[literal] { return child }
    let child = append(parent: node, isLiteral: true)
    literals[literal] = child
    return child
  }

  private mutating func parameter(of node: UInt32) -> UInt32 {
    let child = nodes[Int(node)].parameter
    if child != TextIndex.none { return child }
    let new = append(parent: node, isLiteral: false)
    nodes[Int(node)].parameter = new
    return new
  }

  private mutating func end(of node: Int) -> Int {
    if nodes[node].end == TextIndex.none { nodes[node].end = newTerminal() }
    return Int(nodes[node].end)
  }

  private mutating func rest(of node: Int) -> Int {
    if nodes[node].rest == TextIndex.none { nodes[node].rest = newTerminal() }
    return Int(nodes[node].rest)
  }

  private mutating func newTerminal() -> UInt32 {
    terminalCount += 1
    return UInt32(terminalCount - 1)
  }

  private mutating func append(parent: UInt32, isLiteral: Bool) -> UInt32 {
    nodes.append(RouteTable.Node())
    origins.append((parent, isLiteral))
    return UInt32(nodes.count - 1)
  }
}
