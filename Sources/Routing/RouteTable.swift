// Finds the route of a request. Compiled once per listener and worker into flat arrays; a lookup
// allocates nothing, makes no String, and does work that is bounded when the table is built.
// the language's route choice, which is Kubernetes Gateway API's: host, path segment by segment,
// method, number of header, query and cookie matches.

import Bytes
import HTTPMessage
import PolicyChain

/// The routes of one listener. Stays on one worker: it keeps scratch space for the request at hand.
package final class RouteTable {
  /// Nodes and values that one request may be compared with, at worst: some 150 µs.
  package static let stepsMax = 32_768

  /// One place in a path, under one host pattern.
  struct Node {
    /// The node behind `{x}`.
    var parameter = TextIndex.none
    /// What takes a path that ends here.
    var end = TextIndex.none
    /// What takes a path that ends here or goes on.
    var rest = TextIndex.none
  }

  /// The candidates of one host and path pattern: those that name methods first, the others behind
  /// them; both with more conditions before fewer.
  struct Terminal {
    var naming: Range<UInt32>
    var others: Range<UInt32>
    /// The innermost scope that covers exactly this host and path pattern.
    var scope: UInt32
  }

  /// One host, one path and the rest of one match line of a route.
  struct Candidate {
    var route: UInt32
    var methods: MethodSet
    var conditions: Range<UInt32>
    var captures: Range<UInt32>
    /// Segments in front of `**`, or `noRest`.
    var restDepth: UInt8
    static let noRest = UInt8.max
  }

  struct Capture {
    var slot: UInt8
    var segment: UInt8
  }

  /// Space for the request at hand.
  private struct Scratch {
    var segments: PathSegments
    var fields: FoundFields
    /// Whether a candidate was passed over for its method.
    var isMethodMissed = false
    var allowed = MethodSet.empty
  }

  /// What a walk through the tries looks for.
  private enum Goal {
    case route(MethodSet)
    /// No candidate, but the methods of all that match but for the method.
    case allowed
    case scope
  }

  private let parts: RouteTableParts
  private let scratch: Lent<Scratch>

  init(_ parts: RouteTableParts) {
    self.parts = parts
    scratch = Lent(
      Scratch(
        segments: PathSegments(countMax: parts.depthMax, seed: parts.seed),
        fields: FoundFields(count: parts.conditions.names.count)))
  }

  /// Finds the route of `request`, matched by its own method or by the one that its preflight asks
  /// for.
  package func lookup(_ request: Request, by matchedMethod: MatchedMethod) -> RouteDecision {
    let method = method(of: request, by: matchedMethod)
    return scratch { find(request, method, &$0) }
  }

  /// The innermost scope that covers the host and path of `request`.
  package func scope(of request: Request) -> Int? {
    let path = request.text(request.path)
    let group = parts.hosts.firstGroup(request.text(request.host))
    return scratch { scratch in
      scratch.segments.cut(path)
      return scope(from: group, path, request, &scratch)
    }
  }

  /// The slot of a parameter in the `RouteParameters` of a route; nil when no path of it has that
  /// name.
  package func parameterSlot(of name: String, in route: Int) -> Int? {
    parts.parameterNames[route].firstIndex(of: name)
  }

  /// Appends an Allow field's value.
  package func append(_ methods: MethodSet, to output: inout Output) {
    parts.methods.append(methods, to: &output)
  }

  private func method(of request: Request, by matchedMethod: MatchedMethod) -> MethodSet {
    guard let index = Self.askedMethod(of: request, by: matchedMethod) else {
      return parts.methods.bit(of: request)
    }
    let fields = request.fields
    return parts.methods.bit(of: fields.value(at: index))
  }

  /// The field in which a preflight says which method it asks for; nil for any other request.
  private static func askedMethod(of request: Request, by method: MatchedMethod) -> Int? {
    guard method == .askedByPreflight, request.isPreflight else { return nil }
    return request.fields.first(.accessControlRequestMethod)
  }

  /// The method that `lookup` goes by, for explanations.
  static func methodText(of request: Request, by method: MatchedMethod) -> String {
    guard let index = askedMethod(of: request, by: method) else {
      return request.text(request.methodText).text
    }
    let fields = request.fields
    return fields.value(at: index).text
  }

  private func find(
    _ request: Request, _ method: MethodSet, _ scratch: inout Scratch
  ) -> RouteDecision {
    let range = request.path
    let path = request.text(range)
    scratch.segments.cut(path)
    scratch.fields.forget()
    scratch.isMethodMissed = false
    let group = parts.hosts.firstGroup(request.text(request.host))
    let found = walk(from: group, .route(method), path, request, &scratch)
    if found != TextIndex.none {
      let candidate = parts.candidates[Int(found)]
      return .route(Int(candidate.route), parameters(candidate, range, scratch.segments))
    }
    scratch.allowed = .empty
    if scratch.isMethodMissed { _ = walk(from: group, .allowed, path, request, &scratch) }
    let scope = scope(from: group, path, request, &scratch)
    if scratch.allowed == .empty { return .notFound(scope: scope) }
    return .methodNotAllowed(allowed: scratch.allowed, scope: scope)
  }

  private func scope(
    from group: UInt32, _ path: Span<UInt8>, _ request: Request, _ scratch: inout Scratch
  ) -> Int? {
    guard parts.hasScopes else { return nil }
    let scope = walk(from: group, .scope, path, request, &scratch)
    return scope == TextIndex.none ? nil : Int(scope)
  }

  /// Goes through the host patterns that match, the most specific first.
  private func walk(
    from group: UInt32, _ goal: Goal, _ path: Span<UInt8>, _ request: Request,
    _ scratch: inout Scratch
  ) -> UInt32 {
    var group = group
    while group != TextIndex.none {
      let found = walk(parts.hosts.groups[Int(group)].root, 0, goal, path, request, &scratch)
      if found != TextIndex.none { return found }
      group = parts.hosts.groups[Int(group)].next
    }
    return TextIndex.none
  }

  /// Goes down one trie, literal before `{x}` before `**`, and back when a branch has nothing. No
  /// node is met twice, and the depth is that of the deepest pattern.
  private func walk(
    _ node: UInt32, _ depth: Int, _ goal: Goal, _ path: Span<UInt8>, _ request: Request,
    _ scratch: inout Scratch
  ) -> UInt32 {
    if depth < scratch.segments.count {
      let segment = scratch.segments[depth]
      let child = parts.literals.find(node, segment.hash, path.extracting(segment.range))
      if child != TextIndex.none {
        let found = walk(child, depth + 1, goal, path, request, &scratch)
        if found != TextIndex.none { return found }
      }
      let parameter = parts.nodes[Int(node)].parameter
      if parameter != TextIndex.none, !segment.isEmpty {
        let found = walk(parameter, depth + 1, goal, path, request, &scratch)
        if found != TextIndex.none { return found }
      }
    } else if scratch.segments.isWhole {
      let found = take(parts.nodes[Int(node)].end, goal, request, &scratch)
      if found != TextIndex.none { return found }
    }
    return take(parts.nodes[Int(node)].rest, goal, request, &scratch)
  }

  private func take(
    _ index: UInt32, _ goal: Goal, _ request: Request, _ scratch: inout Scratch
  ) -> UInt32 {
    guard index != TextIndex.none else { return TextIndex.none }
    let terminal = parts.terminals[Int(index)]
    switch goal {
    case .scope:
      return terminal.scope
    case .allowed:
      addAllowed(terminal.naming, request, &scratch)
      return TextIndex.none
    case .route(let method):
      var found = first(terminal.naming, method, request, &scratch)
      // A route that names HEAD stands before one that takes it through GET.
      if found == TextIndex.none, method == .head {
        found = first(terminal.naming, .get, request, &scratch)
      }
      return found == TextIndex.none ? first(terminal.others, method, request, &scratch) : found
    }
  }

  private func first(
    _ range: Range<UInt32>, _ method: MethodSet, _ request: Request, _ scratch: inout Scratch
  ) -> UInt32 {
    var index = range.lowerBound
    while index < range.upperBound {
      let candidate = parts.candidates[Int(index)]
      if !candidate.methods.intersects(method) {
        scratch.isMethodMissed = true
      } else if parts.conditions.hold(candidate.conditions, request, &scratch.fields) {
        return index
      }
      index &+= 1
    }
    return TextIndex.none
  }

  private func addAllowed(
    _ range: Range<UInt32>, _ request: Request, _ scratch: inout Scratch
  ) {
    for index in range {
      let candidate = parts.candidates[Int(index)]
      if parts.conditions.hold(candidate.conditions, request, &scratch.fields) {
        scratch.allowed.formUnion(candidate.methods)
      }
    }
  }

  private func parameters(
    _ candidate: Candidate, _ path: TextRange, _ segments: borrowing PathSegments
  ) -> RouteParameters {
    var parameters = RouteParameters(of: path)
    func range(_ start: Int, _ end: Int) -> TextRange {
      TextRange(start: Int(path.start) + start, count: end - start, isAdded: path.isAdded)
    }
    for index in candidate.captures {
      let capture = parts.captures[Int(index)]
      let segment = segments[Int(capture.segment)]
      parameters.set(Int(capture.slot), range(segment.range.lowerBound, segment.range.upperBound))
    }
    guard candidate.restDepth != Candidate.noRest else { return parameters }
    let depth = Int(candidate.restDepth)
    let before = depth == 0 ? 0 : segments[depth - 1].range.upperBound
    let end = Int(path.count)
    parameters.rest = range(min(before + 1, end), end)
    return parameters
  }
}
