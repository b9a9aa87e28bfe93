// What a session sends. Everything is handed to nghttp2 first and framed by `write`, as far as the
// output has room and the peer's windows are open.

import Bytes
import CNGHTTP2

extension HTTP2Session {
  /// Room that an output must have before a frame is asked for: the largest one that nghttp2 hands
  /// over in one piece.
  static let frameRoom = 9 + 1 + 16 * 1024

  /// Frames what waits into `output`. Returns whether something is left that only the room was
  /// missing for.
  public func write(into output: Buffer) throws(HTTP2Error) -> Bool {
    if let failure { throw failure }
    self.output = output
    isShortOfRoom = false
    defer { self.output = nil }
    while output.freeCount >= Self.frameRoom {
      let hasFramed = frameNext(into: output)
      if let failure { throw failure }
      if hasTrailersDue, sendTrailersDue() { continue }
      guard hasFramed else { return isShortOfRoom }
    }
    return wantsWrite
  }

  /// Frames one thing. Returns whether there was one that nghttp2 handed over in one piece; a
  /// failure is noted.
  @discardableResult
  private func frameNext(into output: Buffer) -> Bool {
    var frame: UnsafePointer<UInt8>?
    let count = unsafe nghttp2_session_mem_send(pointer, &frame)
    guard failure == nil, count >= 0 else {
      failure = failure ?? .outOfMemory
      return false
    }
    guard count > 0, let frame = unsafe frame else { return false }
    // nghttp2 keeps the frame until it is called again.
    let isTaken = unsafe output.append(Span(_unsafeStart: frame, count: count))
    precondition(isTaken || count > Self.frameRoom, "The room for a frame was checked.")
    if !isTaken { failure = .outOfMemory }
    return isTaken
  }

  /// Whether something waits to be framed, or a failure to be thrown.
  public var wantsWrite: Bool {
    unsafe failure != nil || nghttp2_session_want_write(pointer) != 0
  }

  private func sendTrailersDue() -> Bool {
    var hasSent = false
    for (stream, fields) in awaitingTrailers where stream.hasFramedLast {
      hasSent = true
      guard !stream.isClosed else { continue }
      let result = unsafe fields.withVectors(.copied) { list, count in
        unsafe nghttp2_submit_trailer(pointer, stream.id, list, count)
      }
      if result != 0 { submitReset(stream.id, .internalError) }
    }
    awaitingTrailers.removeAll { $0.stream.hasFramedLast }
    hasTrailersDue = !awaitingTrailers.isEmpty
    return hasSent
  }

  // MARK: A server's answers

  /// Starts the answer to a stream. With `isLast` it has no body; otherwise `send` follows.
  ///
  /// - Parameter output: where the head is framed now, if it has room and nothing else waits: then
  ///   nghttp2 need not copy the fields. Nil leaves it to the next `write`.
  public func respond(
    _ stream: HTTP2Stream, _ fields: OutgoingFields, isLast: Bool, into output: Buffer? = nil
  ) {
    guard !stream.isClosed, failure == nil else { return }
    var room: Buffer?
    if let output, output.freeCount >= Self.frameRoom, !wantsWrite { room = output }
    if isLast { stream.hasFramedLast = true }
    let result = unsafe fields.withVectors(room == nil ? .copied : .framedAtOnce) { list, count in
      let result = unsafe submitResponse(stream, list, count, isLast: isLast)
      // Nothing else waits, so that this call reads the fields for the last time.
      if let room, result == 0 { frameNext(into: room) }
      return result
    }
    if result != 0 { submitReset(stream.id, .internalError) }
  }

  private func submitResponse(
    _ stream: HTTP2Stream, _ list: UnsafePointer<nghttp2_nv>?, _ count: Int, isLast: Bool
  ) -> Int32 {
    if isLast { return unsafe nghttp2_submit_response(pointer, stream.id, list, count, nil) }
    var provider = unsafe nghttp2_data_provider(
      source: nghttp2_data_source(), read_callback: readData)
    return unsafe nghttp2_submit_response(pointer, stream.id, list, count, &provider)
  }

  /// Sends an interim response.
  public func sendInterim(_ stream: HTTP2Stream, _ fields: OutgoingFields) {
    guard !stream.isClosed, failure == nil else { return }
    let result = unsafe fields.withVectors(.copied) { list, count in
      unsafe nghttp2_submit_headers(
        pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, nil, list, count, nil)
    }
    if result != 0 { submitReset(stream.id, .internalError) }
  }

  // MARK: A client's requests

  /// Opens a stream with a request. With `isLast` it has no body; otherwise `send` follows. Nil
  /// when no more streams can be opened.
  public func request(_ fields: OutgoingFields, isLast: Bool) -> HTTP2Stream? {
    guard mayRequest else { return nil }
    let stream = HTTP2Stream()
    let id = unsafe fields.withVectors(.copied) { list, count in
      let address = unsafe Self.address(stream)
      if isLast { return unsafe nghttp2_submit_request(pointer, nil, list, count, nil, address) }
      var provider = unsafe nghttp2_data_provider(
        source: nghttp2_data_source(), read_callback: readData)
      return unsafe nghttp2_submit_request(pointer, nil, list, count, &provider, address)
    }
    guard id > 0 else { return nil }
    stream.number = id
    if isLast { stream.hasFramedLast = true }
    add(stream)
    return stream
  }

  // MARK: Bodies

  /// Hands over body bytes: the first `count` of the buffer's window, which the session consumes as
  /// it frames them. They stay where they are until `unsentBytes` is zero; then more may be handed
  /// over. With `isLast` the stream ends behind them.
  public func send(_ stream: HTTP2Stream, _ buffer: Buffer, count: Int, isLast: Bool) {
    precondition(stream.unsentCount == 0, "One run of bytes is handed over at a time.")
    precondition(count <= buffer.count, "What is handed over is in the window.")
    guard !stream.isClosed, failure == nil else { return }
    stream.outbound = buffer
    stream.unsentCount = count
    stream.isLastHandedOver = isLast
    resume(stream)
  }

  /// Ends the stream behind what was handed over.
  public func end(_ stream: HTTP2Stream) {
    guard !stream.isClosed, failure == nil else { return }
    stream.isLastHandedOver = true
    resume(stream)
  }

  /// Ends the stream with fields behind what was handed over. They are kept until they are sent.
  public func end(_ stream: HTTP2Stream, trailers: OutgoingFields) {
    guard !stream.isClosed, failure == nil else { return }
    stream.hasTrailers = true
    awaitingTrailers.append((stream, trailers))
    hasTrailersDue = true
    end(stream)
  }

  private func resume(_ stream: HTTP2Stream) {
    guard stream.isDeferred else { return }
    stream.isDeferred = false
    // It fails only for memory, which the next write reports, and for a stream that is closed.
    _ = unsafe nghttp2_session_resume_data(pointer, stream.id)
  }

  /// Asks the peer for a sign of life; every byte that follows is one. RFC 9113 section 6.7.
  public func ping() {
    guard failure == nil else { return }
    // It fails only for memory, which the next write reports.
    _ = unsafe nghttp2_submit_ping(pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
  }

  // MARK: Endings

  /// Resets a stream.
  public func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
    guard !stream.isClosed, failure == nil else { return }
    stream.unsentCount = 0
    stream.outbound = nil
    submitReset(stream.id, code)
  }

  func submitReset(_ id: Int32, _ code: HTTP2ErrorCode) {
    // It fails only for memory, which the next write reports.
    _ = unsafe nghttp2_submit_rst_stream(
      pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, code.rawValue)
  }

  /// Asks the peer to open no more streams, without naming a last one: those on their way are
  /// served. RFC 9113 section 6.8.
  public func announceShutdown() {
    guard failure == nil else { return }
    _ = unsafe nghttp2_submit_shutdown_notice(pointer)
  }

  /// Says which stream was the last one that is served; open ones go on.
  public func endAccepting(_ code: HTTP2ErrorCode) {
    guard failure == nil else { return }
    _ = unsafe nghttp2_submit_goaway(
      pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), nghttp2_session_get_last_proc_stream_id(pointer),
      code.rawValue, nil, 0)
  }

  /// A last GOAWAY frame for a session that failed: nghttp2 must not be asked for anything then.
  public func appendLastWords(_ code: HTTP2ErrorCode, to output: Buffer) {
    let last = UInt32(bitPattern: unsafe nghttp2_session_get_last_proc_stream_id(pointer))
    var frame: [UInt8] = [0, 0, 8, UInt8(NGHTTP2_GOAWAY.rawValue), 0, 0, 0, 0, 0]
    for word in [last & 0x7FFF_FFFF, code.rawValue] {
      for shift in [UInt32(24), 16, 8, 0] {
        frame.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    // Without room the peer sees only the end of the connection.
    _ = output.append(frame.span)
  }
}

/// Says how many bytes of a stream the next DATA frame carries.
private let readData:
  @convention(c) (
    OpaquePointer?, Int32, UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<UInt32>?,
    UnsafeMutablePointer<nghttp2_data_source>?, UnsafeMutableRawPointer?
  ) -> Int = { _, id, _, room, flags, _, user in
    let failed = Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    return unsafe withOwner(user, else: failed) { session in
      guard let stream = session.stream(id) else { return failed }
      guard let frame = session.nextData(of: stream, room: room) else {
        return Int(NGHTTP2_ERR_DEFERRED.rawValue)
      }
      unsafe flags?.pointee = frame.flags
      return frame.count
    }
  }

/// Writes one DATA frame straight from where its bytes stand.
let writeData:
  @convention(c) (
    OpaquePointer?, UnsafeMutablePointer<nghttp2_frame>?, UnsafePointer<UInt8>?, Int,
    UnsafeMutablePointer<nghttp2_data_source>?, UnsafeMutableRawPointer?
  ) -> Int32 = { _, frame, header, count, _, user in
    let failed = Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
    guard let id = unsafe frame?.pointee.hd.stream_id, let header = unsafe header else {
      return failed
    }
    return unsafe withOwner(user, else: failed) { session in
      // nghttp2 keeps the nine bytes of the frame's header until this call returns.
      unsafe session.writeData(Span(_unsafeStart: header, count: 9), count: count, of: id)
    }
  }

/// Counts what was sent.
let onFrameSent:
  @convention(c) (OpaquePointer?, UnsafePointer<nghttp2_frame>?, UnsafeMutableRawPointer?) ->
    Int32 = { _, frame, user in
      guard let frame = unsafe frame else { return 0 }
      switch unsafe UInt32(frame.pointee.hd.type) {
      case UInt32(NGHTTP2_RST_STREAM.rawValue):
        let stream = unsafe frame.pointee.hd.stream_id
        let code = unsafe HTTP2ErrorCode(rawValue: frame.pointee.rst_stream.error_code)
        unsafe withOwner(user, else: ()) { $0.resetSent(stream, code) }
      case UInt32(NGHTTP2_GOAWAY.rawValue):
        let code = unsafe HTTP2ErrorCode(rawValue: frame.pointee.goaway.error_code)
        unsafe withOwner(user, else: ()) { if code != .noError { $0.sentError = code } }
      default: break
      }
      return 0
    }

extension HTTP2Session {
  /// The size and flags of a stream's next DATA frame; nil when there is nothing to send now.
  fileprivate func nextData(
    of stream: HTTP2Stream, room: Int
  ) -> (count: Int, flags: UInt32)? {
    let count = min(stream.unsentCount, room)
    let isEnd = stream.isLastHandedOver && count == stream.unsentCount
    if count == 0, !isEnd {
      stream.isDeferred = true
      return nil
    }
    var flags = count > 0 ? NGHTTP2_DATA_FLAG_NO_COPY.rawValue : 0
    if isEnd {
      flags |= NGHTTP2_DATA_FLAG_EOF.rawValue
      if stream.hasTrailers { flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue }
      if count == 0 { stream.hasFramedLast = true }
    }
    return (count, UInt32(flags))
  }

  fileprivate func writeData(_ header: Span<UInt8>, count: Int, of id: Int32) -> Int32 {
    guard let output else { return Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) }
    guard let stream = stream(id), let source = stream.outbound, stream.unsentCount >= count
    else { return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
    // Behind it there must be room for a frame that nghttp2 hands over in one piece.
    guard output.freeCount >= header.count + count + Self.frameRoom else {
      isShortOfRoom = true
      return Int32(NGHTTP2_ERR_WOULDBLOCK.rawValue)
    }
    let isTaken = output.append(header) && output.append(source.bytes.extracting(0..<count))
    precondition(isTaken, "The room for a frame was checked.")
    source.consume(count)
    stream.unsentCount -= count
    if stream.unsentCount == 0 {
      stream.outbound = nil
      if stream.isLastHandedOver { stream.hasFramedLast = true }
      list(stream)
    }
    guarded { $0.dataSent() }
    return 0
  }

  fileprivate func resetSent(_ stream: Int32, _ code: HTTP2ErrorCode) {
    streamSeen { $0.reset(stream) }
    let now = now
    guard role == .server, code.blamesPeer,
      let kind = guarded({ $0.resetProvoked(now: now) })
    else { return }
    failure = .flood(kind)
  }
}
