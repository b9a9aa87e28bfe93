// Match lines for tests, written as the configuration has them.

import Configuration
import Routing

extension RouteListener {
  static let edge = RouteListener(name: "edge", servesNamedOnly: false)
}

func line(
  listener: [String] = [], host: [String] = [], path: [String] = [], method: [String] = [],
  header: [(String, [String])] = [], query: [(String, [String])] = [],
  cookie: [(String, [String])] = []
) throws -> RouteMatch {
  RouteMatch(
    listeners: listener,
    hosts: try host.map { try HostPattern(parsing: $0) },
    paths: try path.map { try PathPattern(parsing: $0) },
    methods: try method.map { try MethodPattern(parsing: $0) },
    headers: try header.map { try FieldMatch(.header, name: $0.0, values: $0.1) },
    queries: try query.map { try FieldMatch(.query, name: $0.0, values: $0.1) },
    cookies: try cookie.map { try FieldMatch(.cookie, name: $0.0, values: $0.1) })
}
