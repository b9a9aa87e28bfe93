// One HTTP/2 connection without its socket: bytes in, streams and bytes out. Frames, flow control
// and HPACK are nghttp2's; what may happen how often, and what it costs, is decided here.
//
// nghttp2 calls back while it reads and while it writes. The callbacks note what happened and never
// call the session: its owner acts on the notes afterwards.

import Bytes
import CNGHTTP2

/// A session of a server or of a client. Not `Sendable`: it stays on its worker's loop.
@safe public final class HTTP2Session {
  public enum Role: Sendable { case server, client }

  /// Complete heads that wait for the owner before reading pauses: each may have the size of
  /// `headBytesMax`, whatever few bytes HPACK made it from.
  private static let waitingHeadsMax = 16
  /// Interim responses before the final one, and the final one.
  static let responseHeadsMax = 9

  public let role: Role
  let settings: HTTP2Settings
  let floodLimits: FloodLimits
  private var handle: OpaquePointer?
  private let bodies: BufferPool
  private var streams: [Int32: HTTP2Stream] = [:]
  private var idleBlocks: [HeaderBlock] = []
  var flood: FloodGuard

  /// The clock as of this turn, in nanoseconds. The owner sets it before it lets the session work.
  public var now: UInt64 = 0
  /// The head that is being read, and its stream.
  var openBlock: HeaderBlock?
  /// When that head began.
  public internal(set) var headBeganAt: UInt64?
  /// Which streams a client has used.
  var streamSeen = StreamHistory()
  /// Why the session cannot go on; set by a callback.
  var failure: HTTP2Error?
  /// Streams that the peer opened and the owner has not taken.
  var opened: [HTTP2Stream] = []
  /// Streams whose observers are to be told.
  var changed: [HTTP2Stream] = []
  /// Streams that broke a rule in a callback.
  var condemned: [(stream: Int32, code: HTTP2ErrorCode)] = []
  /// Streams whose body is framed and whose trailers follow.
  var awaitingTrailers: [(stream: HTTP2Stream, fields: OutgoingFields)] = []
  /// Where frames go while the session writes.
  var output: Buffer?
  /// Whether a DATA frame did not fit there.
  var isShortOfRoom = false
  var waitingHeads = 0

  /// What the peer's GOAWAY said.
  public internal(set) var goAway: (lastStream: Int32, code: HTTP2ErrorCode)?
  /// The error with which nghttp2 ended the session by itself.
  public internal(set) var ownError: HTTP2ErrorCode?
  /// Whether the peer's first SETTINGS frame has come.
  public internal(set) var isEstablished = false

  /// - Parameters:
  ///   - bodies: buffers of at least `settings.streamWindow` bytes, for bodies that come in.
  ///   - expectsPreface: whether the 24 bytes of a client's preface are still to be fed.
  public init(
    _ role: Role, settings: HTTP2Settings, limits: FloodLimits, bodies: BufferPool,
    expectsPreface: Bool = true
  ) throws(HTTP2Error) {
    self.role = role
    self.settings = settings
    floodLimits = limits
    self.bodies = bodies
    flood = FloodGuard(limits)
    unsafe handle = try SessionFactory.make(
      role, limits: limits, settings: settings, expectsPreface: expectsPreface,
      user: Unmanaged.passUnretained(self).toOpaque())
    try announce()
  }

  deinit { unsafe nghttp2_session_del(handle) }

  var pointer: OpaquePointer? { unsafe handle }

  private func announce() throws(HTTP2Error) {
    var entries = [
      Self.entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings.concurrentStreamsMax),
      Self.entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UInt32(settings.streamWindow)),
      Self.entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, UInt32(clamping: settings.headBytesMax)),
      // The tree of RFC 7540 priorities costs memory that the peer decides about: RFC 9218.
      Self.entry(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1),
    ]
    if settings.frameBytesMax != 16 * 1024 {
      entries.append(Self.entry(NGHTTP2_SETTINGS_MAX_FRAME_SIZE, settings.frameBytesMax))
    }
    if settings.headerTableBytes != 4096 {
      entries.append(Self.entry(NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, settings.headerTableBytes))
    }
    switch role {
    case .client: entries.append(Self.entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0))
    case .server where settings.allowsExtendedConnect:
      entries.append(Self.entry(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1))
    case .server: break
    }
    let isSubmitted = unsafe entries.withUnsafeBufferPointer { list in
      unsafe nghttp2_submit_settings(
        handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), list.baseAddress, list.count) == 0
        && nghttp2_session_set_local_window_size(
          handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, settings.connectionWindow) == 0
    }
    guard isSubmitted else { throw .outOfMemory }
  }

  private static func entry(
    _ id: nghttp2_settings_id, _ value: UInt32
  ) -> nghttp2_settings_entry {
    nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: value)
  }

  // MARK: What comes

  /// Reads from `bytes` and returns how many were used: fewer than there are when so many heads
  /// came that the owner should take them first. Throws when the session has ended.
  public func receive(_ bytes: Span<UInt8>) throws(HTTP2Error) -> Int {
    if let failure { throw failure }
    let count = unsafe bytes.withUnsafeBytes { memory in
      unsafe nghttp2_session_mem_recv(
        handle, memory.baseAddress?.assumingMemoryBound(to: UInt8.self), memory.count)
    }
    if let failure { throw failure }
    guard count >= 0 else {
      let error = Self.error(count)
      failure = error
      throw error
    }
    if role == .server, let kind = flood.read(count) {
      failure = .flood(kind)
      throw .flood(kind)
    }
    for (stream, code) in condemned { submitReset(stream, code) }
    condemned.removeAll(keepingCapacity: true)
    return count
  }

  private static func error(_ code: Int) -> HTTP2Error {
    switch Int32(truncatingIfNeeded: code) {
    case Int32(NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue): .badPreface
    case Int32(NGHTTP2_ERR_FLOODED.rawValue): .flood(.ping)
    case Int32(NGHTTP2_ERR_TOO_MANY_SETTINGS.rawValue): .flood(.settings)
    case Int32(NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue): .flood(.continuation)
    case Int32(NGHTTP2_ERR_NOMEM.rawValue): .outOfMemory
    case Int32(NGHTTP2_ERR_HEADER_COMP.rawValue): .protocolViolation(.compressionError)
    default: .protocolViolation(.protocolError)
    }
  }

  /// The next stream that the peer has opened, its head complete.
  public func takeOpened() -> HTTP2Stream? { opened.isEmpty ? nil : opened.removeFirst() }

  /// Tells the observers of streams that changed.
  public func tellObservers() {
    while let stream = changed.popLast() {
      stream.isListed = false
      stream.observer?.streamChanged()
    }
  }

  /// Gives a head back that its user has read.
  public func recycle(_ block: HeaderBlock) {
    waitingHeads = max(0, waitingHeads - 1)
    guard idleBlocks.count < 2, block.isSmall else { return }
    block.clear()
    idleBlocks.append(block)
  }

  /// Frees what is kept for the next requests: the connection is idle.
  public func releaseIdleMemory() {
    idleBlocks = []
    opened = []
    changed = []
    condemned = []
    awaitingTrailers = []
    if streams.isEmpty { streams = [:] }
    streamSeen.forgetResets()
  }

  /// Streams that are not closed.
  public var streamCount: Int { streams.count }

  /// Whether the session has said or heard its last word: nothing is left to be read or written.
  public var hasEnded: Bool {
    unsafe failure != nil
      || (nghttp2_session_want_read(handle) == 0 && nghttp2_session_want_write(handle) == 0)
  }

  /// Whether the peer does so much that it is better told to open another connection.
  public var isNearLimit: Bool { flood.isLow }

  /// Streams that the peer lets us have open at once.
  public var peerStreamsMax: Int {
    unsafe Int(
      nghttp2_session_get_remote_settings(handle, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
  }

  /// Whether the peer takes extended CONNECT: RFC 8441 section 3.
  public var peerAllowsExtendedConnect: Bool {
    unsafe nghttp2_session_get_remote_settings(
      handle, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1
  }

  /// Whether another request may be sent: no GOAWAY was seen, and ids are left.
  public var mayRequest: Bool {
    unsafe failure == nil && goAway == nil && nghttp2_session_check_request_allowed(handle) != 0
  }

  /// Something odd that the owner saw, as bad as `weight` small things. Throws when it is one too
  /// many.
  public func note(_ kind: FloodKind, weight: UInt64) throws(HTTP2Error) {
    guard let kind = flood.glitch(kind, weight: weight, now: now) else { return }
    failure = .flood(kind)
    throw .flood(kind)
  }

  // MARK: Bodies that come

  /// Lets the peer send as many bytes as were consumed since the last call. To be called whenever
  /// the user looks for more.
  public func credit(_ stream: HTTP2Stream) {
    let waiting = UInt64(stream.inbound?.count ?? 0)
    let consumed = stream.receivedBytes - waiting
    guard consumed > stream.creditedBytes, failure == nil else { return }
    let count = consumed - stream.creditedBytes
    stream.creditedBytes = consumed
    // Neither fails but for memory, which the next write reports; a closed stream has no window.
    if stream.isClosed {
      _ = unsafe nghttp2_session_consume_connection(handle, Int(count))
    } else {
      _ = unsafe nghttp2_session_consume(handle, stream.id, Int(count))
    }
  }

  /// Forgets what waits of a stream's body, and gives its buffer and window back. The user is done
  /// with the stream.
  public func release(_ stream: HTTP2Stream) {
    stream.observer = nil
    if let inbound = stream.inbound {
      inbound.clear()
      credit(stream)
      stream.inbound = nil
      bodies.giveBack(inbound)
    }
    stream.outbound = nil
    stream.unsentBytes = 0
    for block in stream.heads { recycle(block) }
    stream.heads = []
    if let trailers = stream.trailers {
      stream.trailers = nil
      recycle(trailers)
    }
  }

  // MARK: Streams, as the callbacks reach them

  func add(_ stream: HTTP2Stream) { streams[stream.id] = stream }

  func stream(_ id: Int32) -> HTTP2Stream? { streams[id] }

  func remove(_ stream: HTTP2Stream) { streams[stream.id] = nil }

  func list(_ stream: HTTP2Stream) {
    guard !stream.isListed else { return }
    stream.isListed = true
    changed.append(stream)
  }

  func borrowBlock() -> HeaderBlock { idleBlocks.popLast() ?? HeaderBlock() }

  func borrowBody() -> Buffer { bodies.borrow() }

  var mustPause: Bool { waitingHeads >= Self.waitingHeadsMax }
}
