// Why a request got its route and every other route did not, for `sluice route`. Offline: it
// allocates freely, and asks small tables of one line each, so that every single verdict is the
// data plane's own.

import Configuration
import HTTPMessage

/// The decision of a table, and the verdict on each route.
package struct RouteExplanation: Sendable {
  package enum Verdict: Sendable, Equatable {
    case taken
    /// No line of the route serves this listener.
    case listener
    case host
    case path
    case method
    /// The first header, query parameter or cookie that did not hold.
    case field(FieldMatch)
    /// It matches, but the route taken is more specific.
    case lessSpecific(RoutePrecedence.Difference)
    /// It matches and is as specific, which `check` refuses.
    case tie
  }

  package let decision: RouteDecision
  /// In the order of the routes; of several lines the one that came furthest.
  package let verdicts: [Verdict]
}

extension RouteExplanation {
  /// Explains the decision of the table that `routes` and `listener` make.
  package init(
    _ request: Request, by matchedMethod: MatchedMethod, routes: [[RouteMatch]],
    scopes: [RouteScope], listener: RouteListener
  ) throws(RouteTableError) {
    let table = try RouteTable(routes: routes, scopes: scopes, listener: listener, seed: 0)
    decision = table.lookup(request, by: matchedMethod)
    let trial = RouteTrial(request: request, matchedMethod: matchedMethod)
    var best: [RoutePrecedence?] = []
    var verdicts: [Verdict] = []
    for lines in routes {
      let served = (lines.isEmpty ? [RouteMatch()] : lines).filter { listener.serves($0) }
      let outcome = try trial.outcome(of: served)
      best.append(outcome.precedence)
      verdicts.append(outcome.verdict)
    }
    if case .route(let taken, _) = decision, let winner = best[taken] {
      for index in routes.indices where verdicts[index] == .taken && index != taken {
        guard let loser = best[index] else { continue }
        verdicts[index] = winner.goesBefore(loser).map { .lessSpecific($0) } ?? .tie
      }
    }
    self.verdicts = verdicts
  }
}

/// One request against single lines.
private struct RouteTrial {
  let request: Request
  let matchedMethod: MatchedMethod

  /// How far the best of `lines` came, and how specific it is when it matches.
  func outcome(
    of lines: [RouteMatch]
  ) throws(RouteTableError) -> (verdict: RouteExplanation.Verdict, precedence: RoutePrecedence?) {
    var furthest = (step: -1, verdict: RouteExplanation.Verdict.listener)
    var best: RoutePrecedence?
    for line in lines {
      let (step, verdict) = try progress(of: line)
      if step > furthest.step { furthest = (step, verdict) }
      guard verdict == .taken else { continue }
      for precedence in try precedences(of: line)
      where best.map({ precedence.goesBefore($0) != nil }) ?? true {
        best = precedence
      }
    }
    return (furthest.verdict, best)
  }

  private func progress(
    of line: RouteMatch
  ) throws(RouteTableError) -> (step: Int, verdict: RouteExplanation.Verdict) {
    var part = RouteMatch(hosts: line.hosts)
    guard try takes(part) else { return (0, .host) }
    part.paths = line.paths
    guard try takes(part) else { return (1, .path) }
    part.methods = line.methods
    guard try takes(part) else { return (2, .method) }
    let fields = line.headers + line.queries + line.cookies
    for (index, field) in fields.enumerated() {
      switch field.kind {
      case .header: part.headers = [field]
      case .query: part.queries = [field]
      case .cookie: part.cookies = [field]
      }
      guard try takes(part) else { return (3 + index, .field(field)) }
    }
    return (.max, .taken)
  }

  private func precedences(of line: RouteMatch) throws(RouteTableError) -> [RoutePrecedence] {
    var precedences: [RoutePrecedence] = []
    for host in line.hosts.isEmpty ? [.any] : line.hosts {
      for path in line.paths.isEmpty ? [.any] : line.paths {
        guard try takes(RouteMatch(hosts: [host], paths: [path])) else { continue }
        precedences.append(RoutePrecedence(line, host: host, path: path, asked: askedMethod))
      }
    }
    return precedences
  }

  private func takes(_ match: RouteMatch) throws(RouteTableError) -> Bool {
    let listener = RouteListener(name: "", servesNamedOnly: false)
    let table = try RouteTable(routes: [[match]], scopes: [], listener: listener, seed: 0)
    guard case .route = table.lookup(request, by: matchedMethod) else { return false }
    return true
  }

  private var askedMethod: String { RouteTable.methodText(of: request, by: matchedMethod) }
}
