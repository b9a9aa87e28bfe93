// The canonical request: what every policy looks at and what is forwarded, byte for byte. Whatever
// protocol the client spoke, there is one of these; routing, policies and forwarding never look at
// the wire again.

import Bytes

/// How the length of a message body is known. RFC 9112 section 6.
public enum BodyFraming: Sendable, Equatable, BitwiseCopyable {
  /// No body follows.
  case none
  /// Exactly this many bytes follow; more than zero.
  case length(UInt64)
  /// Chunks follow, or HTTP/2 DATA frames without a declared length.
  case chunked
  /// All bytes until the peer closes; responses only.
  case untilClose
}

/// What a request says beside its fields.
///
/// `path` is the canonical path: the bytes that are matched are the bytes that are authorised and
/// forwarded.
public struct RequestHead: Sendable, BitwiseCopyable {
  public var method = Method.get
  /// The method's token, also when it has a name here.
  public var methodText = TextRange.empty
  /// Origin-form target: path, and query with its question mark. RFC 9112 section 3.2.1. `*` for
  /// OPTIONS.
  public var target = TextRange.empty
  /// The target without its query; starts with `/`, or is `*`.
  public var path = TextRange.empty
  /// What follows the first `?`, without it; nil when there is none.
  public var query: TextRange?
  /// The authority as sent: host, and port if one was given.
  public var authority = TextRange.empty
  /// The host without port; an IPv6 address keeps its brackets.
  public var host = TextRange.empty
  public var version = HTTPVersion.http11
  public var framing = BodyFraming.none
  /// Whether the client waits for `100 Continue` before it sends its body. RFC 9110 section 10.1.1.
  public var expectsContinue = false
  /// Whether the client is willing to send another request on this connection.
  public var keepsAlive = true
  /// Whether the request came over TLS.
  public var isSecure = false
  /// Lines that were dropped because of an underscore or a dot in their name.
  public var droppedFieldCount = 0

  public init() {}
}

/// One request, strict and canonical. The members of `RequestHead` are members of it.
@dynamicMemberLookup
public final class Request {
  @usableFromInline let head = PlainState(RequestHead())
  public let fields: FieldSection

  public init(fields: FieldSection) { self.fields = fields }

  @inlinable
  public subscript<Member>(dynamicMember path: WritableKeyPath<RequestHead, Member>) -> Member {
    @inline(__always) get { head[path] }
    @inline(__always) set { head[path] = newValue }
  }

  /// Forgets everything and returns the block that the head stood in.
  @discardableResult
  public func reset() -> Buffer? {
    head.value = RequestHead()
    return fields.reset()
  }

  /// Moves all offsets of received text by `distance`: their block was compacted or exchanged for
  /// another.
  public func moveReceived(by distance: Int) {
    self.methodText = self.methodText.moved(by: distance)
    self.target = self.target.moved(by: distance)
    self.path = self.path.moved(by: distance)
    self.query = self.query?.moved(by: distance)
    self.authority = self.authority.moved(by: distance)
    self.host = self.host.moved(by: distance)
    fields.moveReceived(by: distance)
  }

  @_lifetime(borrow self)
  public func text(_ range: TextRange) -> Span<UInt8> {
    // The section is owned by this request for its whole life.
    unsafe _overrideLifetime(fields.unsafeText(range), borrowing: self)
  }
}
