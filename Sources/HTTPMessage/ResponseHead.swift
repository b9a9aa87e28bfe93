// The canonical response head, from an upstream or made here.

import Bytes

/// What a response says beside its fields. Its reason phrase is not kept: RFC 9112 section 4 tells
/// recipients to ignore it.
public struct ResponseStart: Sendable, BitwiseCopyable {
  /// 100...999; a final response has 200 or more.
  public var status: UInt16 = 0
  public var version = HTTPVersion.http11
  public var framing = BodyFraming.none
  /// Whether the upstream is willing to take another request on this connection.
  public var keepsAlive = true

  public init() {}
}

/// One response head. The members of `ResponseStart` are members of it.
@dynamicMemberLookup
public final class ResponseHead {
  @usableFromInline let start = PlainState(ResponseStart())
  public let fields: FieldSection

  public init(fields: FieldSection) { self.fields = fields }

  @inlinable
  public subscript<Member>(dynamicMember path: WritableKeyPath<ResponseStart, Member>) -> Member {
    @inline(__always) get { start[path] }
    @inline(__always) set { start[path] = newValue }
  }

  /// Forgets everything and returns the block that the head stood in.
  @discardableResult
  public func reset() -> Buffer? {
    start.value = ResponseStart()
    return fields.reset()
  }
}
