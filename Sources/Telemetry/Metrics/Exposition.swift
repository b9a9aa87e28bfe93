// Metric families as text: Prometheus 0.0.4 and OpenMetrics 1.0. It knows the forms, not the
// metrics. https://prometheus.io/docs/instrumenting/exposition_formats/

import Bytes

/// Which of the two text forms a reader asked for.
package enum ExpositionFormat: Sendable, CaseIterable {
  case prometheus, openMetrics

  package var contentType: StaticString {
    switch self {
    case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }

  /// OpenMetrics when the `Accept` field names it without a weight of zero, else Prometheus.
  package init(accept: String) {
    let ranges = accept.lowercased().split(separator: ",")
    self =
      ranges.contains { range in
        let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
        let isRefused = parts.contains {
          $0 == "q=0" || $0 == "q=0.0" || $0 == "q=0.00" || $0 == "q=0.000"
        }
        return parts.first == "application/openmetrics-text" && !isRefused
      } ? .openMetrics : .prometheus
  }
}

package enum MetricKind: Sendable {
  case counter, gauge, histogram
  /// A gauge that is always 1 and says something by its labels; a kind of its own in OpenMetrics.
  case info
}

/// A label's name and value; the value may be any text.
typealias Label = (name: StaticString, value: String)

/// Writes families one after the other.
struct Exposition: ~Copyable {
  private let format: ExpositionFormat
  private var output: Output
  private var name: StaticString = ""
  private var kind = MetricKind.gauge

  init(format: ExpositionFormat) {
    self.format = format
    output = Output(capacity: 16 * 1024)
  }

  /// Starts a family. `name` has no `_total` and no `_info`: they follow from the kind.
  mutating func family(_ name: StaticString, _ kind: MetricKind, _ help: StaticString) {
    self.name = name
    self.kind = kind
    header("# HELP ")
    output.append(help)
    header("\n# TYPE ")
    output.append(typeName)
    output.append("\n")
  }

  mutating func sample(_ labels: [Label], _ value: UInt64) {
    sampleName(suffix: suffix, labels: labels)
    output.append(decimal: value)
    output.append("\n")
  }

  mutating func sample(_ labels: [Label], _ value: Int64) {
    sampleName(suffix: suffix, labels: labels)
    output.append(String(value))
    output.append("\n")
  }

  /// A sample in seconds, exact to the nanosecond.
  mutating func sample(_ labels: [Label], nanoseconds: UInt64) {
    sampleName(suffix: suffix, labels: labels)
    append(seconds: nanoseconds, isCanonical: false)
    output.append("\n")
  }

  mutating func sample(_ labels: [Label], _ histogram: Histogram, scale: BucketScale) {
    var total: UInt64 = 0
    for (index, count) in histogram.counts.enumerated() {
      total &+= count
      let bound = index < scale.bounds.count ? scale.bounds[index] : nil
      sampleName(suffix: "_bucket", labels: labels, bound: .some(bound))
      output.append(decimal: total)
      output.append("\n")
    }
    sampleName(suffix: "_sum", labels: labels)
    append(seconds: histogram.sum, isCanonical: false)
    output.append("\n")
    sampleName(suffix: "_count", labels: labels)
    output.append(decimal: total)
    output.append("\n")
  }

  /// The whole text. OpenMetrics wants its end marked, so that a cut answer is noticed.
  consuming func finish() -> Output {
    if format == .openMetrics { output.append("# EOF\n") }
    return output
  }

  private var suffix: StaticString {
    switch kind {
    case .counter: "_total"
    case .info: "_info"
    case .gauge, .histogram: ""
    }
  }

  private var typeName: StaticString {
    switch kind {
    case .counter: "counter"
    case .gauge: "gauge"
    case .histogram: "histogram"
    case .info: format == .openMetrics ? "info" : "gauge"
    }
  }

  /// In Prometheus' form a family is called like its samples, in OpenMetrics without their suffix.
  private mutating func header(_ start: StaticString) {
    output.append(start)
    output.append(name)
    if format == .prometheus { output.append(suffix) }
    output.append(" ")
  }

  /// - Parameter bound: nil for no `le` label, `.some(nil)` for `+Inf`.
  private mutating func sampleName(
    suffix: StaticString, labels: [Label], bound: UInt64?? = nil
  ) {
    output.append(name)
    output.append(suffix)
    var separator: StaticString = "{"
    for (name, value) in labels {
      output.append(separator)
      output.append(name)
      output.append("=\"")
      append(escaping: value)
      output.append("\"")
      separator = ","
    }
    if let bound {
      output.append(separator)
      output.append("le=\"")
      if let bound { append(seconds: bound, isCanonical: true) } else { output.append("+Inf") }
      output.append("\"")
      separator = ","
    }
    output.append(labels.isEmpty && bound == nil ? " " : "} ")
  }

  private mutating func append(escaping value: String) {
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): output.append("\\\\")
      case UInt8(ascii: "\""): output.append("\\\"")
      case ASCII.lineFeed: output.append("\\n")
      default: output.append(byte)
      }
    }
  }

  /// - Parameter isCanonical: whether whole numbers keep a `.0`, as OpenMetrics has its bounds.
  private mutating func append(seconds nanoseconds: UInt64, isCanonical: Bool) {
    output.append(decimal: nanoseconds / 1_000_000_000)
    var fraction = nanoseconds % 1_000_000_000
    guard fraction > 0 else {
      if isCanonical && format == .openMetrics { output.append(".0") }
      return
    }
    var width = 9
    while fraction % 10 == 0 {
      fraction /= 10
      width -= 1
    }
    output.append(".")
    output.append(decimal: fraction, width: width)
  }
}
