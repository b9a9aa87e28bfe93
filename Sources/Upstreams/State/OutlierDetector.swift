// Ejects servers whose share of failures in a window is too high, or that are much slower than
// their peers. Looked at a few times a second by Control, so that a request pays for no window.

import Engine

/// The windows of one upstream's servers.
package struct OutlierDetector {
  /// Microseconds below which nobody is slow, whatever the others are: differences of that size
  /// come of the machine.
  static let slowMin: UInt64 = 5_000
  /// Peers that must be known for a server to be measured by them.
  static let peersMin = 2

  private struct Sample {
    let time: Instant
    let begun: UInt64
    let failed: UInt64
  }

  /// What a server did in the window.
  private struct Count {
    let state: ServerState
    let tries: UInt64
    let failures: UInt64
  }

  /// Samples within the window, and the last one before it.
  private var samples: [String: [Sample]] = [:]

  package init() {}

  /// Looks at every server once.
  package mutating func examine(
    _ shared: UpstreamShared, servers: [String], by rule: OutlierRule, at now: Instant
  ) {
    guard rule.errorShare != nil || rule.slowness != nil else { return samples.removeAll() }
    samples = samples.filter { servers.contains($0.key) }
    let counts = servers.compactMap { count(of: shared.server($0), in: rule.window, at: now) }
    for count in counts where count.tries >= rule.requestsMin {
      guard let cause = failing(count, by: rule) ?? slow(count, among: counts, by: rule, at: now)
      else { continue }
      // What it did before says nothing of how it does when it is back.
      samples[count.state.name] = nil
      shared.eject(count.state, for: cause, of: servers.count, by: rule, at: now)
    }
  }

  private mutating func count(
    of state: ServerState, in window: UInt64, at now: Instant
  ) -> Count? {
    let now = Sample(time: now, begun: state.begunCount, failed: state.failedCount)
    return slide(state.name, to: now, window: window).map { before in
      Count(
        state: state, tries: now.begun &- before.begun, failures: now.failed &- before.failed)
    }
  }

  private func failing(_ count: Count, by rule: OutlierRule) -> UpstreamEvent.Cause? {
    guard let limit = rule.errorShare, count.failures <= count.tries,
      Double(count.failures) * 1_000_000 >= Double(count.tries) * Double(limit)
    else { return nil }
    return .share(failed: count.failures, of: count.tries)
  }

  /// Whether a server is slower by far than the one in the middle of its peers.
  private func slow(
    _ count: Count, among counts: [Count], by rule: OutlierRule, at now: Instant
  ) -> UpstreamEvent.Cause? {
    guard let factor = rule.slowness, !count.state.isOut(at: now) else { return nil }
    let own = count.state.latencyMicroseconds(at: now)
    let peers = counts.filter { $0.state !== count.state && $0.tries >= rule.requestsMin }
      .map { $0.state.latencyMicroseconds(at: now) }.filter { $0 > 0 }.sorted()
    guard own >= Self.slowMin, peers.count >= Self.peersMin else { return nil }
    let middle = peers[peers.count / 2]
    return own / factor >= middle ? .slow(own, peers: middle) : nil
  }

  /// Adds a sample and returns the oldest that the window still needs.
  private mutating func slide(_ name: String, to now: Sample, window: UInt64) -> Sample? {
    var list = samples[name] ?? []
    list.append(now)
    while list.count > 1, list[1].time.advanced(milliseconds: window) <= now.time {
      list.removeFirst()
    }
    samples[name] = list
    return list.first
  }
}
