// The arrays of a route table, which do not change once they are built.

struct RouteTableParts {
  var hosts: HostIndex
  var literals: TextIndex
  var nodes: ContiguousArray<RouteTable.Node>
  var terminals: ContiguousArray<RouteTable.Terminal>
  var candidates: ContiguousArray<RouteTable.Candidate>
  var captures: ContiguousArray<RouteTable.Capture>
  var conditions: FieldConditions
  var methods: MethodNames
  /// Segments of the deepest pattern, `**` not counted.
  var depthMax: Int
  var hasScopes: Bool
  /// Per route, in the order of its slots.
  var parameterNames: [[String]]
  var seed: UInt64
}
