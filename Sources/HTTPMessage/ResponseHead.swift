// The canonical response head, from an upstream or made here.

import Bytes

/// One response head. Its reason phrase is not kept: RFC 9112 section 4 tells recipients to ignore
/// it.
package final class ResponseHead {
  private let line = Cell(Line())
  package let fields: FieldSection

  private struct Line: BitwiseCopyable {
    var status: UInt16 = 0
    var version = HTTPVersion.http11
    var framing = BodyFraming.none
    var keepsAlive = true
  }

  package init(fields: FieldSection) { self.fields = fields }

  /// 100...999; a final response has 200 or more.
  package var status: UInt16 {
    get { line.value.status }
    set { line.value.status = newValue }
  }
  package var version: HTTPVersion {
    get { line.value.version }
    set { line.value.version = newValue }
  }
  package var framing: BodyFraming {
    get { line.value.framing }
    set { line.value.framing = newValue }
  }
  /// Whether the upstream is willing to take another request on this connection.
  package var keepsAlive: Bool {
    get { line.value.keepsAlive }
    set { line.value.keepsAlive = newValue }
  }

  /// Forgets everything and returns the block that the head stood in.
  @discardableResult
  package func reset() -> Buffer? {
    line.value = Line()
    return fields.reset()
  }
}
