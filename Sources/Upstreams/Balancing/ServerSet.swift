// The servers of an upstream at one time, on one worker, and what a choice among them needs to know
// beforehand. It is made anew when servers come or go.

/// Servers in the order of their priorities.
final class ServerSet {
  let servers: [UpstreamServer]
  /// The server, where there is one and no choice.
  let only: UpstreamServer?
  /// Whether all have the same share at all times.
  let isEvenlyWeighted: Bool
  /// Where the servers of each priority end; one for most upstreams.
  let levels: [Int]
  /// For `balance hash`, one for each priority.
  let rings: [HashRing]

  init(_ servers: [UpstreamServer], for definition: UpstreamDefinition) {
    // A sort that keeps the order of equals, so that all workers number them alike.
    let ordered = servers.enumerated().sorted {
      ($0.element.definition.priority, $0.offset) < ($1.element.definition.priority, $1.offset)
    }.map(\.element)
    self.servers = ordered
    only = ordered.count == 1 ? ordered[0] : nil
    for (index, server) in ordered.enumerated() { server.join(at: index) }
    let priorities = ordered.map(\.definition.priority)
    levels = priorities.indices.filter { index in
      index + 1 == priorities.count || priorities[index + 1] != priorities[index]
    }.map { $0 + 1 }
    isEvenlyWeighted =
      definition.slowStart == 0 && levels.count == 1
      && Set(ordered.map(\.definition.weight)).count == 1
    guard case .hash = definition.balance else {
      rings = []
      return
    }
    var start = 0
    rings = levels.map { end in
      defer { start = end }
      return HashRing(ordered[start..<end].map { ($0.definition.name, $0.definition.weight) })
    }
  }
}
