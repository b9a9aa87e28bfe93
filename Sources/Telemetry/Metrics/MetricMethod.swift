// Request methods as labels: those with a name, and one word for all others, so that clients cannot
// make series.

package enum MetricMethod: UInt8, Sendable, CaseIterable {
  case get, head, post, put, delete, connect, options, trace, patch, query, other

  /// OpenTelemetry's word for a method that it does not know is `_OTHER`.
  var label: String { self == .other ? "_OTHER" : String(describing: self).uppercased() }
}
