// The canonical response head, from an upstream or made here.

import Bytes

/// One response head. Its reason phrase is not kept: RFC 9112 section 4 tells recipients to ignore
/// it.
package final class ResponseHead {
  /// 100...999; a final response has 200 or more.
  package var status: UInt16 = 0
  package var version = HTTPVersion.http11
  package var framing = BodyFraming.none
  /// Whether the upstream is willing to take another request on this connection.
  package var keepsAlive = true
  package let fields: FieldSection

  package init(fields: FieldSection) { self.fields = fields }

  /// Forgets everything and returns the block that the head stood in.
  @discardableResult
  package func reset() -> Buffer? {
    status = 0
    version = .http11
    framing = .none
    keepsAlive = true
    return fields.reset()
  }
}
