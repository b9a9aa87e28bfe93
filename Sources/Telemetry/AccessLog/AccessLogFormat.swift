// The forms of an access log line, by their names in the config.

package enum AccessLogFormat: String, Sendable, CaseIterable {
  /// One JSON object per line.
  case json
  /// The NCSA Common Log Format, for old tools.
  case clf
  /// The same with referer and user agent.
  case combined
}
