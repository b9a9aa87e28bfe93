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
  /// Blocks kept for the next heads of a connection: as many as may wait at once.
  private static let idleBlocksMax = waitingHeadsMax
  /// Interim responses before the final one, and the final one.
  static let responseHeadsMax = 9

  public let role: Role
  let settings: HTTP2Settings
  let floodLimits: FloodLimits
  private var handle: OpaquePointer?
  /// What nghttp2 works in.
  private let memory: UnsafeMutablePointer<cn_memory>
  private let bodies: BufferPool
  /// Streams that are not closed. nghttp2 has their addresses, by which callbacks find them.
  private let streams = Lent<[HTTP2Stream]>([])
  private let idleBlocks = Lent<[HeaderBlock]>([])
  private let flood: Lent<FloodGuard>

  /// The clock as of this turn, in nanoseconds. The owner sets it before it lets the session work.
  public var now: UInt64 {
    get { clock }
    set { clock = newValue }
  }
  // Seen from other modules by other names, for the reason that `HTTP2Stream` tells.
  private var clock: UInt64 = 0
  /// The head that is being read, and its stream.
  var openBlock: HeaderBlock?
  /// When that head began.
  public var headBeganAt: UInt64? { openHeadBeganAt }
  var openHeadBeganAt: UInt64?
  /// Which streams a client has used.
  let streamSeen = Lent(StreamHistory())
  /// Why the session cannot go on; set by a callback.
  var failure: HTTP2Error?
  /// Streams that the peer opened and the owner has not taken, the oldest first.
  private let opened = Lent(StreamLine())
  /// Streams whose observers are to be told.
  private let changed = Lent<[HTTP2Stream]>([])
  /// Streams that broke a rule in a callback.
  var condemned: [(stream: Int32, code: HTTP2ErrorCode)] = []
  /// Streams whose body is framed and whose trailers follow.
  var awaitingTrailers: [(stream: HTTP2Stream, fields: OutgoingFields)] = []
  /// Whether there are any; asked for every frame.
  var hasTrailersDue = false
  /// Where frames go while the session writes.
  var output: Buffer?
  /// Whether a DATA frame did not fit there.
  var isShortOfRoom = false
  var waitingHeads = 0

  /// What the peer's GOAWAY said.
  public var goAway: (lastStream: Int32, code: HTTP2ErrorCode)? { peerGoAway }
  var peerGoAway: (lastStream: Int32, code: HTTP2ErrorCode)?
  /// The error with which nghttp2 ended the session by itself.
  public var ownError: HTTP2ErrorCode? { sentError }
  var sentError: HTTP2ErrorCode?
  /// Whether the peer's first SETTINGS frame has come.
  public var isEstablished: Bool { hasSettings }
  var hasSettings = false

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
    flood = Lent(FloodGuard(limits))
    // It stays where it is as long as the session lives, and is freed after nghttp2's.
    unsafe memory = UnsafeMutablePointer.allocate(capacity: 1)
    unsafe cn_begin(memory)
    unsafe handle = try SessionFactory.make(
      role, limits: limits, settings: settings, expectsPreface: expectsPreface,
      memory: memory, user: Unmanaged.passUnretained(self).toOpaque())
    try announce()
  }

  deinit {
    unsafe nghttp2_session_del(handle)
    unsafe cn_end(memory)
    unsafe memory.deallocate()
  }

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
    if role == .server, let kind = flood({ $0.read(count) }) {
      failure = .flood(kind)
      throw .flood(kind)
    }
    if !condemned.isEmpty {
      for (stream, code) in condemned { submitReset(stream, code) }
      condemned.removeAll(keepingCapacity: true)
    }
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
  public func takeOpened() -> HTTP2Stream? { opened { $0.take() } }

  /// Tells the observers of streams that changed.
  public func tellObservers() {
    while let stream = changed({ $0.popLast() }) {
      stream.isListed = false
      stream.observer?.streamChanged()
    }
  }

  /// Gives a head back that its user has read.
  public func recycle(_ block: HeaderBlock) {
    waitingHeads = max(0, waitingHeads - 1)
    guard block.isSmall else { return }
    block.clear()
    idleBlocks { if $0.count < Self.idleBlocksMax { $0.append(block) } }
  }

  /// Frees what is kept for the next requests: the connection is idle.
  public func releaseIdleMemory() {
    idleBlocks { $0 = [] }
    opened { $0 = StreamLine() }
    changed { $0 = [] }
    condemned = []
    streamSeen { $0.forgetResets() }
    // An answer may still wait for its client to give it window.
    guard streamCount == 0, !wantsWrite else { return }
    awaitingTrailers = []
    hasTrailersDue = false
    streams { $0 = [] }
    unsafe cn_rest(memory)
  }

  /// Frees what this thread keeps for the next requests of all its sessions.
  public static func freeKeptMemory() { cn_trim() }

  /// Streams that are not closed.
  public var streamCount: Int { streams { $0.count } }

  /// Whether the session has said or heard its last word: nothing is left to be read or written.
  public var hasEnded: Bool {
    unsafe failure != nil
      || (nghttp2_session_want_read(handle) == 0 && nghttp2_session_want_write(handle) == 0)
  }

  /// Whether the peer does so much that it is better told to open another connection.
  public var isNearLimit: Bool { flood { $0.isLow } }

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
    unsafe failure == nil && peerGoAway == nil && nghttp2_session_check_request_allowed(handle) != 0
  }

  /// Something odd that the owner saw, as bad as `weight` small things. Throws when it is one too
  /// many.
  public func note(_ kind: FloodKind, weight: UInt64) throws(HTTP2Error) {
    let now = clock
    guard let kind = flood({ $0.glitch(kind, weight: weight, now: now) }) else { return }
    failure = .flood(kind)
    throw .flood(kind)
  }

  // MARK: Bodies that come

  /// Lets the peer send as many bytes as were consumed since the last call. To be called whenever
  /// the user looks for more.
  public func credit(_ stream: HTTP2Stream) {
    let waiting = UInt64(stream.received?.count ?? 0)
    let consumed = stream.receivedCount - waiting
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
    if let inbound = stream.received {
      inbound.clear()
      credit(stream)
      stream.received = nil
      bodies.giveBack(inbound)
    }
    if stream.outbound != nil { stream.outbound = nil }
    stream.unsentCount = 0
    while let block = stream.takeHead() { recycle(block) }
    if let trailers = stream.ownTrailers {
      stream.ownTrailers = nil
      recycle(trailers)
    }
  }

  // MARK: Streams, as the callbacks reach them

  /// Keeps a stream that nghttp2 knows by its address, until it is closed.
  func add(_ stream: HTTP2Stream) {
    streams { streams in
      stream.place = streams.count
      streams.append(stream)
    }
  }

  /// The same for one that the peer has just begun.
  func adopt(_ stream: HTTP2Stream) {
    add(stream)
    unsafe nghttp2_session_set_stream_user_data(handle, stream.id, Self.address(stream))
  }

  static func address(_ stream: HTTP2Stream) -> UnsafeMutableRawPointer {
    unsafe Unmanaged.passUnretained(stream).toOpaque()
  }

  func stream(_ id: Int32) -> HTTP2Stream? {
    guard let address = unsafe nghttp2_session_get_stream_user_data(handle, id) else { return nil }
    // The list above keeps it until nghttp2 has told that it is closed, and forgets the address.
    return unsafe Unmanaged<HTTP2Stream>.fromOpaque(address).takeUnretainedValue()
  }

  func remove(_ stream: HTTP2Stream) {
    streams { streams in
      let last = streams.count - 1
      if stream.place < last {
        streams[stream.place] = streams[last]
        streams[stream.place].place = stream.place
      }
      streams.removeLast()
    }
  }

  func list(_ stream: HTTP2Stream) {
    guard !stream.isListed else { return }
    stream.isListed = true
    changed { $0.append(stream) }
  }

  func open(_ stream: HTTP2Stream) { opened { $0.add(stream) } }

  /// Asks the guard, or tells it something.
  func guarded<Answer>(_ ask: (inout FloodGuard) -> Answer) -> Answer { flood { ask(&$0) } }

  func borrowBlock() -> HeaderBlock { idleBlocks { $0.popLast() } ?? HeaderBlock() }

  func borrowBody() -> Buffer { bodies.borrow() }

  var mustPause: Bool { waitingHeads >= Self.waitingHeadsMax }
}

/// Streams in the order in which they came.
private struct StreamLine {
  private var streams: [HTTP2Stream] = []
  private var taken = 0

  mutating func add(_ stream: HTTP2Stream) { streams.append(stream) }

  mutating func take() -> HTTP2Stream? {
    guard taken < streams.count else {
      streams.removeAll(keepingCapacity: true)
      taken = 0
      return nil
    }
    taken += 1
    return streams[taken - 1]
  }
}
