// Directives of the process as a whole: workers, user, grace, state, client-ip, access-log, admin.

/// How many workers to start.
package enum WorkerCount: Sendable, Hashable, CustomStringConvertible {
  /// The cores that the process may use, by affinity and cgroup quota.
  case auto
  case exactly(Int)

  package var description: String {
    switch self {
    case .auto: "auto"
    case .exactly(let count): String(count)
    }
  }
}

package struct WorkerSettings: Sendable {
  package var count = WorkerCount.auto
}

package struct UserSettings: Sendable {
  package var name = ""
}

package struct GraceSettings: Sendable {
  /// How long requests in flight may go on after TERM.
  package var period = TimeSpan.seconds(30)
  /// How long readiness fails before the listeners close.
  package var drainDelay = TimeSpan.seconds(5)
}

package struct ResolverSettings: Sendable {
  package var servers: [Endpoint] = []

  /// The servers as resolver libraries take them; nil for those of the machine.
  package var list: String? {
    servers.isEmpty ? nil : servers.map(\.description).joined(separator: ",")
  }
}

package struct StateSettings: Sendable {
  package var folder = ""
}

extension CoreDirectives {
  static let workers = Manual<WorkerSettings>(
    directive: "workers", summary: "How many workers serve, one thread each.", scopes: [.top],
    inheritance: .none,
    arguments: [
      .value("count", \.count, .workerCount, "'auto' takes the cores that the process may use.")
    ],
    defaults: WorkerSettings(), properties: [],
    examples: [Example("two workers whatever the machine", config: "workers 2")])

  static let user = Manual<UserSettings>(
    directive: "user", summary: "The user that a process started as root becomes.", scopes: [.top],
    inheritance: .none,
    arguments: [.text("name", \.name, "A user of the system.")],
    defaults: UserSettings(), properties: [],
    examples: [Example("privileges are dropped", config: "user sluice")])

  static let resolver = Manual<ResolverSettings>(
    directive: "resolver",
    summary: "The name servers that are asked for names of servers and stores. Not written: those "
      + "of /etc/resolv.conf. The hosts file comes first in any case.",
    scopes: [.top], inheritance: .none,
    defaults: ResolverSettings(),
    properties: [
      .list("servers", \.servers, of: .nameServer, "Addresses with their ports.").required
    ],
    examples: [
      Example("two servers", config: "resolver servers=[10.0.0.53:53 10.0.1.53:53]")
    ])

  static let grace = Manual<GraceSettings>(
    directive: "grace", summary: "How long a drain may take.", scopes: [.top], inheritance: .none,
    arguments: [
      .duration(
        "period", \.period, in: .zero ... .hours(24),
        "How long requests in flight may go on after TERM; then they are cut.")
    ],
    defaults: GraceSettings(),
    properties: [
      .duration(
        "drain-delay", \.drainDelay, in: .zero ... .minutes(10),
        "How long readiness fails before the listeners close.")
    ],
    examples: [Example("a drain of half a minute", config: "grace 30s drain-delay=5s")])

  static let state = Manual<StateSettings>(
    directive: "state", summary: "A folder that survives a restart; without it, memory only.",
    scopes: [.top], inheritance: .none,
    arguments: [.path("folder", \.folder, "The folder.")],
    defaults: StateSettings(), properties: [],
    examples: [Example("state is kept", config: "state \"/var/lib/sluice\"")])
}

extension ValueType where Wrapped == WorkerCount {
  static var workerCount: ValueType {
    .described("auto or a number from 1 to 1024", words: ["auto"]) {
      (text) throws(ValueProblem) in
      if text == "auto" { return .auto }
      guard let count = Int(text), (1...1024).contains(count) else { throw ValueProblem() }
      return .exactly(count)
    }
  }
}

extension ValueType where Wrapped == Endpoint {
  /// Where a name server answers: no name, since somebody would have to be asked for it.
  static var nameServer: ValueType {
    .described("an address with a port such as 10.0.0.53:53", calls: [.env]) {
      (text) throws(ValueProblem) in
      let endpoint = try Endpoint(parsing: text)
      guard case .address = endpoint else { throw ValueProblem() }
      return endpoint
    }
  }
}
