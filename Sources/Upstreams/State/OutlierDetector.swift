// Ejects servers whose share of failures in a window is too high. Looked at a few times a second by
// Control, so that a request pays for no window.

import Engine

/// The windows of one upstream's servers.
package struct OutlierDetector {
  private struct Sample {
    let time: Instant
    let begun: UInt64
    let failed: UInt64
  }

  /// Samples within the window, and the last one before it.
  private var samples: [String: [Sample]] = [:]

  package init() {}

  /// Looks at every server once.
  package mutating func examine(
    _ shared: UpstreamShared, servers: [String], by rule: OutlierRule, at now: Instant
  ) {
    guard let limit = rule.errorShare else { return samples.removeAll() }
    samples = samples.filter { servers.contains($0.key) }
    for name in servers {
      let state = shared.server(name)
      let now = Sample(time: now, begun: state.begunCount, failed: state.failedCount)
      guard let before = slide(name, to: now, window: rule.window) else { continue }
      let tries = now.begun &- before.begun
      let failures = now.failed &- before.failed
      guard tries >= rule.requestsMin, failures <= tries,
        Double(failures) * 1_000_000 >= Double(tries) * Double(limit)
      else { continue }
      // What it did before says nothing of how it does when it is back.
      samples[name] = [now]
      shared.eject(
        state, for: .share(failed: failures, of: tries), of: servers.count, by: rule, at: now.time)
    }
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
