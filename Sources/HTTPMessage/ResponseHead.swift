// The canonical response head, from an upstream or made here.

import Bytes

/// One response head. Its reason phrase is not kept: RFC 9112 section 4 tells recipients to ignore
/// it.
public final class ResponseHead {
  @usableFromInline let line = Cell(Line())
  public let fields: FieldSection

  @usableFromInline struct Line: BitwiseCopyable {
    @usableFromInline var status: UInt16 = 0
    @usableFromInline var version = HTTPVersion.http11
    @usableFromInline var framing = BodyFraming.none
    @usableFromInline var keepsAlive = true
    @usableFromInline var upgrades = false

    init() {}
  }

  public init(fields: FieldSection) { self.fields = fields }

  /// 100...999; a final response has 200 or more.
  @inlinable public var status: UInt16 {
    get { line.value.status }
    set { line[\.status] = newValue }
  }
  @inlinable public var version: HTTPVersion {
    get { line.value.version }
    set { line[\.version] = newValue }
  }
  @inlinable public var framing: BodyFraming {
    get { line.value.framing }
    set { line[\.framing] = newValue }
  }
  /// Whether the upstream is willing to take another request on this connection.
  @inlinable public var keepsAlive: Bool {
    get { line.value.keepsAlive }
    set { line[\.keepsAlive] = newValue }
  }

  /// Whether its Connection field says `upgrade`.
  @inlinable public var upgrades: Bool {
    get { line.value.upgrades }
    set { line[\.upgrades] = newValue }
  }

  /// Forgets everything and returns the block that the head stood in.
  @discardableResult
  public func reset() -> Buffer? {
    line.value = Line()
    return fields.reset()
  }
}
