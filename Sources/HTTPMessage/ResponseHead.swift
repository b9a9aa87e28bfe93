// The canonical response head, from an upstream or made here.

import Bytes

/// One response head. Its reason phrase is not kept: RFC 9112 section 4 tells recipients to ignore
/// it.
public final class ResponseHead {
  private let line = Cell(Line())
  public let fields: FieldSection

  private struct Line: BitwiseCopyable {
    var status: UInt16 = 0
    var version = HTTPVersion.http11
    var framing = BodyFraming.none
    var keepsAlive = true
    var upgrades = false
  }

  public init(fields: FieldSection) { self.fields = fields }

  /// 100...999; a final response has 200 or more.
  public var status: UInt16 {
    get { line.value.status }
    set { line.value.status = newValue }
  }
  public var version: HTTPVersion {
    get { line.value.version }
    set { line.value.version = newValue }
  }
  public var framing: BodyFraming {
    get { line.value.framing }
    set { line.value.framing = newValue }
  }
  /// Whether the upstream is willing to take another request on this connection.
  public var keepsAlive: Bool {
    get { line.value.keepsAlive }
    set { line.value.keepsAlive = newValue }
  }

  /// Whether its Connection field says `upgrade`.
  public var upgrades: Bool {
    get { line.value.upgrades }
    set { line.value.upgrades = newValue }
  }

  /// Forgets everything and returns the block that the head stood in.
  @discardableResult
  public func reset() -> Buffer? {
    line.value = Line()
    return fields.reset()
  }
}
