// The table against the naive router, over random routes and requests.

import Configuration
import Routing
import Testing

struct RouteTablePropertyTests {
  @Test func `the table and the naive router decide alike`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = RandomSource(seed: seed)
    var decided = [Substring: Int]()
    for config in 0..<4_000 {
      let fillers = config.isMultiple(of: 400) ? 1_000 : 0
      let (table, naive) = try RandomRoutes.tables(&random, fillers: fillers)
      for _ in 0..<25 {
        let asked = RandomRoutes.request(&random)
        let expected = naive.words(asked, names: RandomRoutes.names)
        let words = table.words(asked, names: RandomRoutes.names)
        decided[expected.prefix(3), default: 0] += 1
        guard words != expected else { continue }
        let routes = naive.routes.map { "\($0)" }.joined(separator: "\n")
        Issue.record("seed \(seed): \(asked)\n\(words), not \(expected)\n\(routes)")
        return
      }
    }
    // Random input that meets only one kind of answer would prove nothing.
    #expect((decided["404"] ?? 0) > 5_000 && (decided["405"] ?? 0) > 1_000, "seed \(seed)")
  }
}
