// One line per request into a block of bytes, without a String and without an allocation once it is
// warm. The common parts stand here; the forms are in AccessLogEncoder+JSON.swift and
// AccessLogEncoder+NCSA.swift.

import Bytes

/// Writes records in one format. One per worker: it keeps the rendering of the current second.
package struct AccessLogEncoder: ~Copyable {
  package let format: AccessLogFormat
  let limits: AccessLimits
  var stamp = SecondStamp()

  package init(format: AccessLogFormat, limits: AccessLimits) {
    self.format = format
    self.limits = limits
  }

  /// Appends the record as one line, its line feed included.
  package mutating func encode(_ record: borrowing AccessRecord, into line: inout Output) {
    switch format {
    case .json: encodeJSON(record, into: &line)
    case .clf: encodeCommon(record, withAgent: false, into: &line)
    case .combined: encodeCommon(record, withAgent: true, into: &line)
    }
  }

  /// Appends path and query: names of parameters are kept, values are not.
  func appendTarget(_ record: borrowing AccessRecord, into line: inout Output) {
    let path = record.path
    line.append(json: path, max: limits.targetBytesMax)
    guard record.hasQuery else { return }
    line.append("?")
    let room = limits.targetBytesMax - min(path.count, limits.targetBytesMax)
    RedactedQuery.append(record.query, bytesMax: room, to: &line)
  }
}
