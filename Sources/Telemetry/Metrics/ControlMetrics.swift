// What Control counts itself: config, reloads and the log writer. Rare events, so plain values.

/// The numbers of a scrape that no worker counts.
package struct ControlMetrics: Sendable {
  package var version: String
  /// Hash of the config that is served.
  package var configHash: String
  package var reloadsSucceeded: UInt64 = 0
  package var reloadsFailed: UInt64 = 0
  package var isLastReloadGood = true
  /// When the served config was taken, in seconds since 1970.
  package var lastReloadUnixSeconds: UInt64 = 0
  package var accessLogDropped: UInt64 = 0
  /// Exceptions from policy of the served config that are past their last day.
  package var expiredExceptions: UInt64 = 0
  /// How upstreams were when the scrape was made.
  package var upstreams: [UpstreamReading] = []

  package init(version: String, configHash: String) {
    self.version = version
    self.configHash = configHash
  }
}
