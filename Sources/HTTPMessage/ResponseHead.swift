// The canonical response head, from an upstream or made here.

import Bytes

/// One response head. Its reason phrase is not kept: RFC 9112 section 4 tells recipients to ignore
/// it.
public final class ResponseHead {
  /// 100...999; a final response has 200 or more.
  public var status: UInt16 = 0
  public var version = HTTPVersion.http11
  public var framing = BodyFraming.none
  /// Whether the upstream is willing to take another request on this connection.
  public var keepsAlive = true
  public let fields: FieldSection

  public init(fields: FieldSection) { self.fields = fields }

  /// Forgets everything and returns the block that the head stood in.
  @discardableResult
  public func reset() -> Buffer? {
    status = 0
    version = .http11
    framing = .none
    keepsAlive = true
    return fields.reset()
  }
}
