// Which names are known, which are due, and what became of them: the resolver's rules without
// sockets or clocks. A name is asked for again before it expires, once at a time, and a failure
// never takes away what was known.

import Bytes
import Engine

/// The names of one resolver and their state.
package struct NameTable {
  package struct Limits: Sendable {
    /// Names that are known at one time: those of the configuration, and a few more.
    package var namesMax = 4096
    /// Names that are asked for at one time.
    package var lookupsMax = 64
    /// Milliseconds that an answer is used at least, whatever its TTL says, to spare the servers.
    package var lifetimeMin: UInt64 = 1_000
    /// Milliseconds that an answer is used at most, so that a wrong TTL heals.
    package var lifetimeMax: UInt64 = 3_600_000
    /// Milliseconds after the first failure; they double with each one that follows.
    package var retryMin: UInt64 = 1_000
    package var retryMax: UInt64 = 30_000

    package init() {}
  }

  package enum Outcome: Sendable, Hashable {
    /// What was found, and for how many seconds it holds.
    case addresses([IPAddress], ttl: UInt32)
    case failure(ResolutionError)
  }

  private struct Entry {
    var resolution: Resolution?
    var error: ResolutionError?
    var isLookedUp = false
    var failures: UInt64 = 0
    /// When it shall be asked for next.
    var due: Instant
    /// Whether it is asked for again without anyone waiting.
    var isKept: Bool
    /// Whether someone waits for the next answer.
    var isWanted = false

    func isDue(at now: Instant) -> Bool { isIdle && due <= now }
    var isIdle: Bool { !isLookedUp && (isKept || isWanted) }
  }

  private var entries: [String: Entry] = [:]
  private var lookupCount = 0
  private let limits: Limits

  package init(limits: Limits) { self.limits = limits }

  package var count: Int { entries.count }

  /// Replaces the names that are kept fresh; others are forgotten when room is needed. Returns
  /// those that did not fit.
  package mutating func keep(_ names: Set<String>, at now: Instant) -> Set<String> {
    for name in entries.keys where !names.contains(name) {
      entries[name]?.isKept = false
    }
    var refused = Set<String>()
    for name in names.sorted() {
      guard insert(name, isKept: true, at: now) else {
        refused.insert(name)
        continue
      }
    }
    return refused
  }

  /// What is known of `name` that has not expired; asks for it otherwise. Nil while it is asked
  /// for.
  package mutating func find(
    _ name: String, at now: Instant
  ) -> Result<Resolution, ResolutionError>? {
    guard insert(name, isKept: false, at: now), let entry = entries[name] else {
      return .failure(.tooManyNames)
    }
    if let resolution = entry.resolution, resolution.expires > now { return .success(resolution) }
    guard !entry.isLookedUp, entry.due > now else {
      entries[name]?.isWanted = true
      return nil
    }
    // It failed a moment ago, and is not asked for again before its time: what was known is used.
    if let resolution = entry.resolution { return .success(resolution) }
    return entry.error.map { .failure($0) }
  }

  /// What the lookup that just ended gave, even if that has expired; nil while one is under way.
  package func settled(_ name: String) -> Result<Resolution, ResolutionError>? {
    guard let entry = entries[name], !entry.isLookedUp, !entry.isWanted else { return nil }
    return last(name)
  }

  /// The last answer for `name`, however old, else the last error.
  package func last(_ name: String) -> Result<Resolution, ResolutionError>? {
    guard let entry = entries[name] else { return nil }
    if let resolution = entry.resolution { return .success(resolution) }
    return entry.error.map { .failure($0) }
  }

  /// Names to be asked for now. Each is given out once, until `finish`.
  package mutating func takeDue(at now: Instant) -> [String] {
    let due = entries.filter { $0.value.isDue(at: now) }
    let first = due.sorted { ($0.value.due, $0.key) < ($1.value.due, $1.key) }
    let names = first.prefix(max(0, limits.lookupsMax - lookupCount)).map(\.key)
    for name in names { entries[name]?.isLookedUp = true }
    lookupCount += names.count
    return names
  }

  /// When `takeDue` may give out something next.
  package var nextDue: Instant {
    guard lookupCount < limits.lookupsMax else { return .never }
    return entries.values.filter(\.isIdle).map(\.due).min() ?? .never
  }

  /// Notes what became of a lookup. Returns the addresses when they are others than before.
  package mutating func finish(
    _ name: String, _ outcome: Outcome, at now: Instant
  ) -> [IPAddress]? {
    guard var entry = entries[name], entry.isLookedUp else {
      preconditionFailure("A lookup is finished once, after it was given out.")
    }
    lookupCount -= 1
    entry.isLookedUp = false
    entry.isWanted = false
    defer { entries[name] = entry }
    switch outcome {
    case .addresses(let addresses, let ttl):
      let lifetime = limits.lifetime(ofTTL: ttl)
      let isChanged = Set(addresses) != entry.resolution.map { Set($0.addresses) }
      entry.resolution = Resolution(
        addresses: addresses, expires: now.advanced(milliseconds: lifetime))
      entry.error = nil
      entry.failures = 0
      // A fifth of its life is left for asking again, and for failing once or twice.
      entry.due = now.advanced(milliseconds: limits.pause(afterTTL: ttl))
      return isChanged ? addresses : nil
    case .failure(let error):
      entry.error = error
      entry.failures += 1
      entry.due = now.advanced(milliseconds: limits.pause(afterFailures: entry.failures))
      return nil
    }
  }

  private mutating func insert(_ name: String, isKept: Bool, at now: Instant) -> Bool {
    if let entry = entries[name] {
      entries[name]?.isKept = entry.isKept || isKept
      return true
    }
    if entries.count >= limits.namesMax { dropOne() }
    guard entries.count < limits.namesMax else { return false }
    entries[name] = Entry(due: now, isKept: isKept)
    return true
  }

  /// Makes room by forgetting the oldest name that nobody keeps.
  private mutating func dropOne() {
    let free = entries.filter { !$0.value.isKept && !$0.value.isWanted && !$0.value.isLookedUp }
    guard let oldest = free.min(by: { $0.value.due < $1.value.due }) else { return }
    entries[oldest.key] = nil
  }
}
