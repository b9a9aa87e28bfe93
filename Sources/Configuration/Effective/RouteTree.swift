// Groups and routes as they nest, with their effective match lines, before listeners come in.

/// A match line with its place.
struct MatchLine: Sendable {
  let match: RouteMatch
  let location: SourceLocation
}

/// The groups and routes of a config.
struct RouteTree {
  struct Group {
    let statement: CheckedStatement
    /// Stands before this one.
    let parent: Int?
    /// Effective: met with the lines of every scope around.
    let lines: [MatchLine]
    let isWhole: Bool
  }

  struct Route {
    let statement: CheckedStatement
    let group: Int?
    let id: String
    let lines: [MatchLine]
    /// Whether everything around it could be read, so that what is missing is really missing.
    let isWhole: Bool
  }

  var groups: [Group] = []
  var routes: [Route] = []
}

extension Compiler {
  /// Match lines of one scope after inheritance: nested groups with many lines each would multiply.
  static let linesMax = 4096

  mutating func routeTree() -> RouteTree {
    var tree = RouteTree()
    for top in tops {
      let outer = top.grants.map { MatchLine(match: $0.narrowing, location: $0.location) }
      let lines = outer.dropFirst().reduce(Array(outer.prefix(1))) { meet([$1], $0) }
      add(top.statement, to: &tree, in: nil, lines: lines.filter { $0.match != RouteMatch() })
    }
    refuseRepeatedIDs(tree)
    return tree
  }

  private mutating func add(
    _ statement: CheckedStatement, to tree: inout RouteTree, in group: Int?, lines: [MatchLine]
  ) {
    let own = matchLines(of: statement)
    switch statement.directive {
    case "group":
      let lines = narrowed(own, by: lines)
      let isWhole = statement.isBlockWhole && (group.map { tree.groups[$0].isWhole } ?? true)
      let index = tree.groups.count
      tree.groups.append(
        RouteTree.Group(statement: statement, parent: group, lines: lines, isWhole: isWhole))
      if statement.block.contains(where: { $0.directive == "group" }) {
        warnOfOpen(statement.block, "the groups inside")
      }
      for inner in statement.block { add(inner, to: &tree, in: index, lines: lines) }
    case "route":
      let prefix = group.map { tree.groups[$0].statement.name + "." } ?? ""
      let isAroundWhole = group.map { tree.groups[$0].isWhole } ?? true
      tree.routes.append(
        RouteTree.Route(
          statement: statement, group: group, id: prefix + statement.name,
          lines: narrowed(own, by: lines), isWhole: statement.isBlockWhole && isAroundWhole))
    default: break
    }
  }

  /// Several `match` lines in one scope are alternatives; each must meet a line of the scope
  /// around.
  private mutating func narrowed(_ own: [MatchLine], by outer: [MatchLine]) -> [MatchLine] {
    if own.isEmpty { return outer }
    if outer.isEmpty { return own }
    guard own.count * outer.count <= Compiler.linesMax else {
      report(
        .tooLarge, "over \(Compiler.linesMax) match lines would come of this one and the scope's",
        at: own[0].location)
      return []
    }
    for line in own where meet([line], outer).isEmpty {
      report(
        .emptyMatch, "this match meets none of the scope around it: no request can pass both",
        at: line.location,
        notes: outer.prefix(3).map { .init("the match around it", at: $0.location) })
    }
    return meet(own, outer)
  }

  private func meet(_ own: [MatchLine], _ outer: [MatchLine]) -> [MatchLine] {
    own.flatMap { line in
      outer.compactMap { around in
        line.match.intersection(around.match).map {
          MatchLine(match: $0, location: line.location)
        }
      }
    }
  }

  // MARK: Match lines

  private mutating func matchLines(of statement: CheckedStatement) -> [MatchLine] {
    var lines: [MatchLine] = []
    for (settings, line) in statement.block.all(CoreDirectives.match) {
      if line.changes.isEmpty, line.isLineWhole {
        report(
          .missingValue, "'match' says nothing, and so matches everything", at: line.location,
          help: "leave it out")
      }
      if let match = routeMatch(settings, line) {
        lines.append(MatchLine(match: match, location: line.location))
      }
    }
    return lines
  }

  private mutating func routeMatch(
    _ settings: MatchSettings, _ line: CheckedStatement
  ) -> RouteMatch? {
    guard let headers = fields(.header, settings.headers, line),
      let queries = fields(.query, settings.queries, line),
      let cookies = fields(.cookie, settings.cookies, line)
    else { return nil }
    return RouteMatch(
      listeners: settings.listeners, hosts: settings.hosts, paths: settings.paths,
      methods: settings.methods, headers: headers, queries: queries, cookies: cookies)
  }

  private mutating func fields(
    _ kind: FieldMatch.Kind, _ named: [Named<[String]>], _ line: CheckedStatement
  ) -> [FieldMatch]? {
    var found: [FieldMatch] = []
    var isWhole = true
    for field in named {
      do throws(PatternError) {
        found.append(try FieldMatch(kind, name: field.name, values: field.value))
      } catch {
        isWhole = false
        report(
          .wrongType, "'\(kind).\(field.name)' cannot be matched: \(error.message)",
          at: line.location(of: "\(kind).\(field.name)"))
      }
    }
    return isWhole ? found : nil
  }

  // MARK: Names

  private mutating func refuseRepeatedIDs(_ tree: RouteTree) {
    for route in tree.routes {
      let place = route.statement.nameLocation
      if let first = names.insert(route.id, .route, at: place) {
        report(
          .duplicateName, "route '\(route.id)' is defined twice", at: place,
          notes: [.init("the first one", at: first)])
      }
      if route.group == nil, let group = names.place(of: route.id, .group) {
        report(
          .duplicateName, "a group is called '\(route.id)' too", at: place,
          notes: [.init("the group", at: group)])
      }
    }
  }
}
