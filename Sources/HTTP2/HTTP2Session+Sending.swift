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
      var frame: UnsafePointer<UInt8>?
      let count = unsafe nghttp2_session_mem_send(pointer, &frame)
      if let failure { throw failure }
      guard count >= 0 else {
        failure = .outOfMemory
        throw .outOfMemory
      }
      if try sendTrailersDue() { continue }
      guard count > 0, let frame = unsafe frame else { return isShortOfRoom }
      // nghttp2 keeps the frame until it is called again.
      let isTaken = unsafe output.append(Span(_unsafeStart: frame, count: count))
      precondition(isTaken || count > Self.frameRoom, "The room for a frame was checked.")
      guard isTaken else {
        failure = .outOfMemory
        throw .outOfMemory
      }
    }
    return unsafe nghttp2_session_want_write(pointer) != 0
  }

  /// Whether something waits to be framed.
  public var wantsWrite: Bool { unsafe nghttp2_session_want_write(pointer) != 0 }

  private func sendTrailersDue() throws(HTTP2Error) -> Bool {
    guard !awaitingTrailers.isEmpty else { return false }
    var hasSent = false
    for (stream, fields) in awaitingTrailers where stream.isOutboundComplete {
      hasSent = true
      guard !stream.isClosed else { continue }
      let result = unsafe fields.withVectors { list, count in
        unsafe nghttp2_submit_trailer(pointer, stream.id, list, count)
      }
      if result != 0 { submitReset(stream.id, .internalError) }
    }
    awaitingTrailers.removeAll { $0.stream.isOutboundComplete }
    return hasSent
  }

  // MARK: A server's answers

  /// Starts the answer to a stream. With `isLast` it has no body; otherwise `send` follows.
  public func respond(_ stream: HTTP2Stream, _ fields: OutgoingFields, isLast: Bool) {
    guard !stream.isClosed, failure == nil else { return }
    let result = unsafe fields.withVectors { list, count in
      if isLast { return unsafe nghttp2_submit_response(pointer, stream.id, list, count, nil) }
      var provider = unsafe nghttp2_data_provider(
        source: nghttp2_data_source(), read_callback: readData)
      return unsafe nghttp2_submit_response(pointer, stream.id, list, count, &provider)
    }
    if isLast { stream.isOutboundComplete = true }
    if result != 0 { submitReset(stream.id, .internalError) }
  }

  /// Sends an interim response.
  public func sendInterim(_ stream: HTTP2Stream, _ fields: OutgoingFields) {
    guard !stream.isClosed, failure == nil else { return }
    let result = unsafe fields.withVectors { list, count in
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
    let id = unsafe fields.withVectors { list, count in
      if isLast { return unsafe nghttp2_submit_request(pointer, nil, list, count, nil, nil) }
      var provider = unsafe nghttp2_data_provider(
        source: nghttp2_data_source(), read_callback: readData)
      return unsafe nghttp2_submit_request(pointer, nil, list, count, &provider, nil)
    }
    guard id > 0 else { return nil }
    stream.id = id
    if isLast { stream.isOutboundComplete = true }
    add(stream)
    return stream
  }

  // MARK: Bodies

  /// Hands over body bytes: the first `count` of the buffer's window, which the session consumes as
  /// it frames them. They stay where they are until `unsentBytes` is zero; then more may be handed
  /// over. With `isLast` the stream ends behind them.
  public func send(_ stream: HTTP2Stream, _ buffer: Buffer, count: Int, isLast: Bool) {
    precondition(stream.unsentBytes == 0, "One run of bytes is handed over at a time.")
    precondition(count <= buffer.count, "What is handed over is in the window.")
    guard !stream.isClosed, failure == nil else { return }
    stream.outbound = buffer
    stream.unsentBytes = count
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
    stream.unsentBytes = 0
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
    guard let session = unsafe owner(user), let stream = session.stream(id) else {
      return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    let count = min(stream.unsentBytes, room)
    let isEnd = stream.isLastHandedOver && count == stream.unsentBytes
    if count == 0, !isEnd {
      stream.isDeferred = true
      return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    var told = count > 0 ? NGHTTP2_DATA_FLAG_NO_COPY.rawValue : 0
    if isEnd {
      told |= NGHTTP2_DATA_FLAG_EOF.rawValue
      if stream.hasTrailers { told |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue }
      if count == 0 { stream.isOutboundComplete = true }
    }
    unsafe flags?.pointee = UInt32(told)
    return count
  }

/// Writes one DATA frame straight from where its bytes stand.
let writeData:
  @convention(c) (
    OpaquePointer?, UnsafeMutablePointer<nghttp2_frame>?, UnsafePointer<UInt8>?, Int,
    UnsafeMutablePointer<nghttp2_data_source>?, UnsafeMutableRawPointer?
  ) -> Int32 = { _, frame, header, count, _, user in
    guard let session = unsafe owner(user), let frame = unsafe frame?.pointee,
      let header = unsafe header, let output = session.output
    else { return Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue) }
    guard let stream = unsafe session.stream(frame.hd.stream_id), let source = stream.outbound,
      stream.unsentBytes >= count
    else { return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
    // Behind it there must be room for a frame that nghttp2 hands over in one piece.
    guard output.freeCount >= 9 + count + HTTP2Session.frameRoom else {
      session.isShortOfRoom = true
      return Int32(NGHTTP2_ERR_WOULDBLOCK.rawValue)
    }
    let isTaken =
      unsafe output.append(Span(_unsafeStart: header, count: 9))
      && output.append(source.bytes.extracting(0..<count))
    precondition(isTaken, "The room for a frame was checked.")
    source.consume(count)
    stream.unsentBytes -= count
    if stream.unsentBytes == 0 {
      stream.outbound = nil
      if stream.isLastHandedOver { stream.isOutboundComplete = true }
      session.list(stream)
    }
    session.flood.dataSent()
    return 0
  }

/// Counts what was sent.
let onFrameSent:
  @convention(c) (OpaquePointer?, UnsafePointer<nghttp2_frame>?, UnsafeMutableRawPointer?) ->
    Int32 = { _, frame, user in
      guard let session = unsafe owner(user), let frame = unsafe frame?.pointee else { return 0 }
      switch unsafe UInt32(frame.hd.type) {
      case UInt32(NGHTTP2_RST_STREAM.rawValue):
        unsafe session.resetSent(
          frame.hd.stream_id, HTTP2ErrorCode(rawValue: frame.rst_stream.error_code))
      case UInt32(NGHTTP2_GOAWAY.rawValue):
        let code = unsafe HTTP2ErrorCode(rawValue: frame.goaway.error_code)
        if code != .noError { session.ownError = code }
      default: break
      }
      return 0
    }

extension HTTP2Session {
  fileprivate func resetSent(_ stream: Int32, _ code: HTTP2ErrorCode) {
    streamSeen.reset(stream)
    guard role == .server, code.blamesPeer, let kind = flood.resetProvoked(now: now) else {
      return
    }
    failure = .flood(kind)
  }
}
