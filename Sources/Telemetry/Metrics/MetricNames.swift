// The names behind the ids that workers count by. Ids are given once and never again to another
// name, so that a reload keeps every counter, and requests that finish on an old config count where
// they belong.

/// Names of one kind (routes, listeners ...), by dense ids from 0.
package struct NameTable: Sendable {
  /// Names that are told apart; what comes later shares the id of `other`. A config of 10,000
  /// routes may be replaced wholly several times before that.
  package static let namesMax = 65_535

  package private(set) var names: [String] = []
  private var ids: [String: UInt16] = [:]

  package init() {}

  /// The name's id, the same as ever.
  package mutating func id(of name: String) -> UInt16 {
    if let id = ids[name] { return id }
    guard names.count < Self.namesMax else { return UInt16(Self.namesMax) }
    let id = UInt16(names.count)
    names.append(name)
    ids[name] = id
    return id
  }

  /// The name of an id; `other` for the id of those that found no place.
  package subscript(id: UInt16) -> String { Int(id) < names.count ? names[Int(id)] : "other" }
}

/// All names that label metrics. Control owns it and asks it for ids whenever it compiles a config.
package struct MetricNames: Sendable {
  package var listeners = NameTable()
  package var routes = NameTable()
  package var upstreams = NameTable()
  package var identities = NameTable()
  /// Servers by upstream and server name together, since two upstreams may name the same server.
  private var servers = NameTable()
  private var serverParts: [(upstream: UInt16, name: String)] = []
  package var buckets = NameTable()
  /// Reasons of refused messages: a fixed list of the codecs.
  package var protocolErrors = NameTable()

  /// The id that counts requests which no route took.
  package let noRoute: UInt16

  /// The id that counts requests which showed no credential that an identity takes.
  package let noIdentity: UInt16

  package init() {
    noRoute = routes.id(of: "none")
    noIdentity = identities.id(of: "none")
  }

  /// The id of a server of an upstream.
  package mutating func server(_ name: String, of upstream: UInt16) -> UInt16 {
    let id = servers.id(of: "\(upstream)/\(name)")
    if Int(id) == serverParts.count, id < NameTable.namesMax {
      serverParts.append((upstream, name))
    }
    return id
  }

  /// Upstream and name of a server.
  package func server(_ id: UInt16) -> (upstream: String, name: String) {
    guard Int(id) < serverParts.count else { return ("other", "other") }
    return (upstreams[serverParts[Int(id)].upstream], serverParts[Int(id)].name)
  }
}
