// The canonical request: what every policy looks at and what is forwarded, byte for byte. Whatever
// protocol the client spoke, there is one of these; routing, policies and forwarding never look at
// the wire again.

import Bytes

/// How the length of a message body is known. RFC 9112 section 6.
public enum BodyFraming: BitwiseCopyable, Sendable, Equatable {
  /// No body follows.
  case none
  /// Exactly this many bytes follow; more than zero.
  case length(UInt64)
  /// Chunks follow, or HTTP/2 DATA frames without a declared length.
  case chunked
  /// All bytes until the peer closes; responses only.
  case untilClose
}

/// Whether a request asks for another protocol on its connection. RFC 9110 section 7.8.
public enum RequestUpgrade: UInt8, BitwiseCopyable, Sendable {
  case none
  /// Its Connection field says `upgrade`. That is no more than a wish: it goes on without it.
  case asked
  /// Its route allows WebSocket and the handshake is sound: the upstream is asked for it.
  case webSocket
}

/// One request, strict and canonical.
///
/// `path` is the canonical path: the bytes that are matched are the bytes that are authorised and
/// forwarded.
public final class Request {
  @usableFromInline let line = Cell(Line())
  public let fields: FieldSection

  @usableFromInline struct Line: BitwiseCopyable {
    @usableFromInline var method = Method.get
    @usableFromInline var methodText = TextRange.empty
    @usableFromInline var target = TextRange.empty
    @usableFromInline var path = TextRange.empty
    @usableFromInline var query: TextRange?
    @usableFromInline var authority = TextRange.empty
    @usableFromInline var host = TextRange.empty
    @usableFromInline var version = HTTPVersion.http11
    @usableFromInline var framing = BodyFraming.none
    @usableFromInline var expectsContinue = false
    @usableFromInline var keepsAlive = true
    @usableFromInline var isSecure = false
    @usableFromInline var upgrade = RequestUpgrade.none
    @usableFromInline var droppedFieldCount = 0

    init() {}
  }

  public init(fields: FieldSection) { self.fields = fields }

  @inlinable public var method: Method {
    get { line.value.method }
    set { line[\.method] = newValue }
  }
  /// Whether it asks, for a page, what a coming request may do: Fetch section 3.2.2.
  public var isPreflight: Bool {
    method == .options && fields.present.contains(.origin)
      && fields.present.contains(.accessControlRequestMethod)
  }
  /// The method's token, also when it has a name here.
  @inlinable public var methodText: TextRange {
    get { line.value.methodText }
    set { line[\.methodText] = newValue }
  }
  /// Origin-form target: path, and query with its question mark. RFC 9112 section 3.2.1. `*` for
  /// OPTIONS.
  @inlinable public var target: TextRange {
    get { line.value.target }
    set { line[\.target] = newValue }
  }
  /// The target without its query; starts with `/`, or is `*`.
  @inlinable public var path: TextRange {
    get { line.value.path }
    set { line[\.path] = newValue }
  }
  /// What follows the first `?`, without it; nil when there is none.
  @inlinable public var query: TextRange? {
    get { line.value.query }
    set { line[\.query] = newValue }
  }
  /// The authority as sent: host, and port if one was given.
  @inlinable public var authority: TextRange {
    get { line.value.authority }
    set { line[\.authority] = newValue }
  }
  /// The host without port; an IPv6 address keeps its brackets.
  @inlinable public var host: TextRange {
    get { line.value.host }
    set { line[\.host] = newValue }
  }
  @inlinable public var version: HTTPVersion {
    get { line.value.version }
    set { line[\.version] = newValue }
  }
  @inlinable public var framing: BodyFraming {
    get { line.value.framing }
    set { line[\.framing] = newValue }
  }
  /// Whether the client waits for `100 Continue` before it sends its body. RFC 9110 section 10.1.1.
  @inlinable public var expectsContinue: Bool {
    get { line.value.expectsContinue }
    set { line[\.expectsContinue] = newValue }
  }
  /// Whether the client is willing to send another request on this connection.
  @inlinable public var keepsAlive: Bool {
    get { line.value.keepsAlive }
    set { line[\.keepsAlive] = newValue }
  }
  /// Whether the request came over TLS.
  @inlinable public var isSecure: Bool {
    get { line.value.isSecure }
    set { line[\.isSecure] = newValue }
  }
  @inlinable public var upgrade: RequestUpgrade {
    get { line.value.upgrade }
    set { line[\.upgrade] = newValue }
  }
  /// Lines that were dropped because of an underscore or a dot in their name.
  @inlinable public var droppedFieldCount: Int {
    get { line.value.droppedFieldCount }
    set { line[\.droppedFieldCount] = newValue }
  }

  /// Forgets everything and returns the block that the head stood in.
  @discardableResult
  public func reset() -> Buffer? {
    line.value = Line()
    return fields.reset()
  }

  /// Moves all offsets of received text by `distance`: their block was compacted or exchanged for
  /// another.
  public func moveReceived(by distance: Int) {
    var moved = line.value
    moved.methodText = moved.methodText.moved(by: distance)
    moved.target = moved.target.moved(by: distance)
    moved.path = moved.path.moved(by: distance)
    moved.query = moved.query?.moved(by: distance)
    moved.authority = moved.authority.moved(by: distance)
    moved.host = moved.host.moved(by: distance)
    line.value = moved
    fields.moveReceived(by: distance)
  }

  @_lifetime(borrow self) @inlinable
  public func text(_ range: TextRange) -> Span<UInt8> {
    // The section is owned by this request for its whole life.
    unsafe _overrideLifetime(fields.unsafeText(range), borrowing: self)
  }
}
