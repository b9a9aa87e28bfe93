// How specific one host and path of a match line is. Only explanations need it: the table has it
// built in as an order.

import Configuration

/// What decides between two lines that both match, in the order in which it decides.
package struct RoutePrecedence: Sendable, Equatable {
  /// The first thing in which two lines differ.
  package enum Difference: Sendable, Equatable {
    case host, path, method, headers, queries, cookies
  }

  private let host: Int
  private let path: [Int]
  private let method: Int
  private let counts: [Int]

  init(_ match: RouteMatch, host: HostPattern, path: PathPattern, asked: String) {
    switch host {
    case .any: self.host = -1
    case .wildcard(let suffix): self.host = suffix.utf8.count
    case .exact: self.host = .max
    }
    self.path =
      path.segments.map { segment in
        switch segment {
        case .literal: 3
        case .parameter: 2
        case .rest: 0
        }
      } + (path.takesRest ? [] : [1])
    if match.methods.isEmpty {
      method = 0
    } else {
      method = match.methods.contains { $0.name == asked } ? 2 : 1
    }
    counts = [match.headers.count, match.queries.count, match.cookies.count]
  }

  /// In what `self` goes before `other`; nil when it does not.
  package func goesBefore(_ other: RoutePrecedence) -> Difference? {
    if host != other.host { return host > other.host ? .host : nil }
    if path != other.path { return other.path.lexicographicallyPrecedes(path) ? .path : nil }
    if method != other.method { return method > other.method ? .method : nil }
    let kinds: [Difference] = [.headers, .queries, .cookies]
    for (index, kind) in kinds.enumerated() where counts[index] != other.counts[index] {
      return counts[index] > other.counts[index] ? kind : nil
    }
    return nil
  }
}
