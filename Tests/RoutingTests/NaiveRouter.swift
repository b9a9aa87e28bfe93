// Route choice as the language states it, by looking at every line of every route with strings and
// arrays. It shares nothing with the table but the patterns' own types, and it is what the table
// must agree with.

import Configuration
import Routing

struct NaiveRouter {
  let routes: [[RouteMatch]]
  let scopes: [RouteScope]

  /// One host and one path of one line that meet a request.
  private struct Met {
    let route: Int
    let line: RouteMatch
    let host: HostPattern
    let path: PathPattern
    /// 2 for a line that names the method, 1 for GET that takes HEAD, 0 for a line that names none;
    /// nil for another method.
    let methodRank: Int?
  }

  func words(_ asked: AskedRequest, names: [String]) -> String {
    let all = met(asked)
    let taken = all.filter { $0.methodRank != nil }
    if let best = best(taken) {
      return "\(best.route)" + parameters(best.path, asked, names)
    }
    let scope = scope(asked).map { " in \($0)" } ?? ""
    guard !all.isEmpty else { return "404" + scope }
    var allowed = Set(all.flatMap { $0.line.methods.map(\.name) })
    if allowed.contains("GET") { allowed.insert("HEAD") }
    let order = ["GET", "HEAD", "POST", "PUT", "DELETE", "BREW"]
    return "405 " + order.filter(allowed.contains).joined(separator: ", ") + scope
  }

  /// All routes that match and that no other goes before.
  func winners(_ asked: AskedRequest) -> Set<Int> {
    let taken = met(asked).filter { $0.methodRank != nil }
    let best = taken.filter { one in !taken.contains { precedes($0, one) } }
    return Set(best.map(\.route))
  }

  private func best(_ taken: [Met]) -> Met? {
    var best: Met?
    for one in taken {
      guard let other = best else {
        best = one
        continue
      }
      if precedes(one, other) { best = one }
    }
    return best
  }

  private func precedes(_ a: Met, _ b: Met) -> Bool {
    if hostRank(a.host) != hostRank(b.host) { return hostRank(a.host) > hostRank(b.host) }
    let (pathA, pathB) = (pathRank(a.path), pathRank(b.path))
    if pathA != pathB { return pathB.lexicographicallyPrecedes(pathA) }
    if a.methodRank != b.methodRank { return (a.methodRank ?? -1) > (b.methodRank ?? -1) }
    let (countsA, countsB) = (counts(a.line), counts(b.line))
    return countsB.lexicographicallyPrecedes(countsA)
  }

  private func counts(_ line: RouteMatch) -> [Int] {
    [line.headers.count, line.queries.count, line.cookies.count]
  }

  private func hostRank(_ host: HostPattern) -> Int {
    switch host {
    case .exact: 1000
    case .wildcard(let suffix): suffix.utf8.count
    case .any: 0
    }
  }

  private func pathRank(_ path: PathPattern) -> [Int] {
    let ranks = path.segments.map { segment in
      switch segment {
      case .literal: 3
      case .parameter: 2
      case .rest: 0
      }
    }
    return path.takesRest ? ranks : ranks + [1]
  }

  private func met(_ asked: AskedRequest) -> [Met] {
    var all: [Met] = []
    for (route, lines) in routes.enumerated() {
      for line in lines where fieldsHold(line, asked) {
        for path in line.paths.isEmpty ? [.any] : line.paths where matches(path, asked.path) {
          for host in line.hosts.isEmpty ? [.any] : line.hosts where matches(host, asked.host) {
            let rank = methodRank(line.methods.map(\.name), asked.method)
            all.append(Met(route: route, line: line, host: host, path: path, methodRank: rank))
          }
        }
      }
    }
    return all
  }

  private func methodRank(_ methods: [String], _ asked: String) -> Int? {
    if methods.isEmpty { return 0 }
    if methods.contains(asked) { return 2 }
    return asked == "HEAD" && methods.contains("GET") ? 1 : nil
  }

  private func matches(_ pattern: HostPattern, _ host: String) -> Bool {
    var host = host.lowercased()
    if host.hasSuffix(".") { host.removeLast() }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    let isName = !labels.contains("") && host.utf8.count <= 253
    return switch pattern {
    case .any: true
    case .exact(let name): isName && name == host
    case .wildcard(let suffix): isName && host.hasSuffix("." + suffix)
    }
  }

  private func matches(_ pattern: PathPattern, _ path: String) -> Bool {
    guard path.hasPrefix("/") else { return pattern.segments == [.rest] }
    let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    for (index, segment) in pattern.segments.enumerated() {
      if segment == .rest { return true }
      guard index < parts.count else { return false }
      switch segment {
      case .literal(let text): if text != parts[index] { return false }
      case .parameter: if parts[index].isEmpty { return false }
      case .rest: return true
      }
    }
    return parts.count == pattern.segments.count
  }

  private func fieldsHold(_ line: RouteMatch, _ asked: AskedRequest) -> Bool {
    line.headers.allSatisfy { match in
      let values = asked.fields.filter { $0.name.lowercased() == match.name }.map(\.value)
      return values.count == 1 && match.values.contains(values[0])
    }
      && line.queries.allSatisfy { match in
        let values = pairs(asked.query ?? "", "&").filter { $0.0 == match.name }.map(\.1)
        return values.count == 1 && match.values.contains(values[0])
      }
      && line.cookies.allSatisfy { match in
        let lines = asked.fields.filter { $0.name == "cookie" }.map(\.value)
        let values = lines.flatMap { pairs($0, "; ") }.filter { $0.0 == match.name }.map(\.1)
        return values.count == 1 && match.values.contains(values[0])
      }
  }

  private func pairs(_ text: String, _ separator: String) -> [(String, String)] {
    text.split(separator: separator).map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (decoded(String(parts[0])), parts.count > 1 ? decoded(String(parts[1])) : "")
    }
  }

  /// The only escape that the generator writes.
  private func decoded(_ text: String) -> String {
    text.split(separator: "%31", omittingEmptySubsequences: false).joined(separator: "1")
  }

  private func parameters(_ path: PathPattern, _ asked: AskedRequest, _ names: [String]) -> String {
    let parts = asked.path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    var words = ""
    for name in names.sorted() {
      guard let capture = path.captures.first(where: { $0.name == name }) else { continue }
      words += " \(name)=\(parts[capture.segment])"
    }
    guard path.takesRest else { return words }
    return words + " rest=" + parts.dropFirst(path.segments.count - 1).joined(separator: "/")
  }

  private func scope(_ asked: AskedRequest) -> Int? {
    typealias Cover = (host: Int, path: [Int], scope: Int)
    var covers: [Cover] = []
    for (index, scope) in scopes.enumerated() {
      for line in scope.matches where !line.hosts.isEmpty || !line.paths.isEmpty {
        for path in line.paths.isEmpty ? [.any] : line.paths where matches(path, asked.path) {
          for host in line.hosts.isEmpty ? [.any] : line.hosts where matches(host, asked.host) {
            covers.append((hostRank(host), pathRank(path), index))
          }
        }
      }
    }
    while !covers.isEmpty {
      guard let host = covers.map(\.host).max() else { return nil }
      let atHost = covers.filter { $0.host == host }
      guard let path = atHost.map(\.path).max(by: { $0.lexicographicallyPrecedes($1) }) else {
        return nil
      }
      let tied = Set(atHost.filter { $0.path == path }.map(\.scope))
      if let scope = common(tied) { return scope }
      covers.removeAll { $0.host == host && $0.path == path }
    }
    return nil
  }

  private func common(_ tied: Set<Int>) -> Int? {
    let lines = tied.map { scope in
      Array(sequence(first: scope) { scopes[$0].parent }.reversed())
    }
    let depth = lines.map(\.count).max() ?? 0
    let deepest = lines.filter { $0.count == depth }
    return deepest[0].last { scope in deepest.allSatisfy { $0.contains(scope) } }
  }
}
