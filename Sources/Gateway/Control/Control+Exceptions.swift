// Exceptions from policy end on a day. The process that serves is never stopped by a date: it says
// so in its log, and a gauge stays up until the config is mended.

import Configuration
import Engine
import PolicyChain
import Telemetry

extension Control {
  /// Counts the exceptions that are over today, and tells of each once.
  func noteExpiries() {
    guard let exceptions = configuration?.exceptions else { return }
    if exceptions.isEmpty, toldExpiries.isEmpty { return }
    let today = CalendarDate(unixMilliseconds: WallClock.milliseconds())
    let expired = exceptions.filter { $0.isExpired(on: today) }
    for exception in expired where !toldExpiries.contains(exception) {
      log.error(
        "an exception from policy is over, and still in use",
        metadata: [
          "exception": "\(exception.subject)", "until": "\(exception.lastDay)",
          "owner": "\(exception.owner)", "place": "\(exception.location)",
        ])
    }
    toldExpiries = Set(expired)
    metrics.expiredExceptions = UInt64(expired.count)
  }
}
