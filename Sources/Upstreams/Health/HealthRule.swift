// How the servers of an upstream are checked, as the config says it.

/// The rule of active checks.
package struct HealthRule: Sendable, Hashable {
  /// What is asked for; nil when a connection is enough.
  package let path: String?
  /// The service that gRPC's health protocol is asked for, empty for the whole server; nil when it
  /// is not spoken.
  package let grpc: String?
  /// Milliseconds between two checks of a server.
  package let every: UInt64
  /// Milliseconds of one check.
  package let timeout: UInt64
  package let rise: Int
  package let fall: Int
  package let expect: StatusSet
  /// Whether a server that has not been checked yet takes requests.
  package let startsHealthy: Bool

  package init(
    path: String?, grpc: String?, every: UInt64, timeout: UInt64, rise: Int, fall: Int,
    expect: StatusSet,
    startsHealthy: Bool
  ) {
    self.path = path
    self.grpc = grpc
    self.every = every
    self.timeout = timeout
    self.rise = rise
    self.fall = fall
    self.expect = expect
    self.startsHealthy = startsHealthy
  }
}

/// What checks in a row make of a server: rise and fall, without clocks or sockets.
struct HealthMachine: Equatable {
  private(set) var health: ServerState.Health
  /// Checks in a row that contradict `health`.
  private var against = 0
  /// Whether a check has ended: the first one decides alone.
  private var isFirst: Bool

  init(_ health: ServerState.Health, isChecked: Bool) {
    self.health = health
    isFirst = !isChecked
  }

  /// A check ended. Returns the new health when it changed.
  mutating func ended(isGood: Bool, by rule: HealthRule) -> ServerState.Health? {
    let said: ServerState.Health = isGood ? .healthy : .unhealthy
    guard said != health else {
      against = 0
      isFirst = false
      return nil
    }
    against += 1
    guard isFirst || against >= (isGood ? rule.rise : rule.fall) else { return nil }
    isFirst = false
    against = 0
    health = said
    return said
  }
}
