// What nghttp2 tells while it reads. Each function finds its session through the pointer that was
// given with it, which stays valid as long as nghttp2's session; none of them calls nghttp2.

import Bytes
import CNGHTTP2

private typealias Frame = UnsafePointer<nghttp2_frame>

/// The session that a callback belongs to.
func owner(_ user: UnsafeMutableRawPointer?) -> HTTP2Session? {
  // The session frees nghttp2's before it goes, so that no callback comes later.
  unsafe user.map { unsafe Unmanaged<HTTP2Session>.fromOpaque($0).takeUnretainedValue() }
}

private let proceed: Int32 = 0
private let abort = Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)

private func has(_ flag: nghttp2_flag, _ flags: UInt8) -> Bool {
  UInt32(flags) & UInt32(flag.rawValue) != 0
}

let onFrameBegan:
  @convention(c) (OpaquePointer?, UnsafePointer<nghttp2_frame_hd>?, UnsafeMutableRawPointer?) ->
    Int32 = { _, header, user in
      guard let session = unsafe owner(user), let header = unsafe header?.pointee else {
        return abort
      }
      return session.frameBegan(header) ? proceed : abort
    }

let onHeadBegan:
  @convention(c) (OpaquePointer?, UnsafePointer<nghttp2_frame>?, UnsafeMutableRawPointer?) ->
    Int32 = { _, frame, user in
      guard let session = unsafe owner(user), let header = unsafe frame?.pointee.hd else {
        return abort
      }
      session.headBegan(header)
      return proceed
    }

let onField:
  @convention(c) (
    OpaquePointer?, UnsafePointer<nghttp2_frame>?, UnsafePointer<UInt8>?, Int,
    UnsafePointer<UInt8>?, Int, UInt8, UnsafeMutableRawPointer?
  ) -> Int32 = { _, _, name, nameCount, value, valueCount, flags, user in
    guard let session = unsafe owner(user), let name = unsafe name, let value = unsafe value else {
      return abort
    }
    // nghttp2 keeps both texts as they are until this call returns.
    let isSensitive = UInt32(flags) & UInt32(NGHTTP2_NV_FLAG_NO_INDEX.rawValue) != 0
    return unsafe session.field(
      Span(_unsafeStart: name, count: nameCount), Span(_unsafeStart: value, count: valueCount),
      isSensitive: isSensitive)
  }

/// A field that nghttp2's own checks refuse: the stream is reset rather than the field left out.
let onBadField:
  @convention(c) (
    OpaquePointer?, UnsafePointer<nghttp2_frame>?, UnsafePointer<UInt8>?, Int,
    UnsafePointer<UInt8>?, Int, UInt8, UnsafeMutableRawPointer?
  ) -> Int32 = { _, _, _, _, _, _, _, _ in Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }

let onFrame:
  @convention(c) (OpaquePointer?, UnsafePointer<nghttp2_frame>?, UnsafeMutableRawPointer?) ->
    Int32 = { _, frame, user in
      guard let session = unsafe owner(user), let frame = unsafe frame?.pointee else {
        return abort
      }
      return unsafe session.frameEnded(frame) ? proceed : abort
    }

let onData:
  @convention(c) (
    OpaquePointer?, UInt8, Int32, UnsafePointer<UInt8>?, Int, UnsafeMutableRawPointer?
  ) -> Int32 = { _, _, id, bytes, count, user in
    guard let session = unsafe owner(user), let bytes = unsafe bytes else { return abort }
    // nghttp2 points into the bytes that it was fed.
    return unsafe session.data(Span(_unsafeStart: bytes, count: count), of: id) ? proceed : abort
  }

let onStreamClosed:
  @convention(c) (OpaquePointer?, Int32, UInt32, UnsafeMutableRawPointer?) -> Int32 = {
    _, id, code, user in
    guard let session = unsafe owner(user) else { return abort }
    session.streamClosed(id, HTTP2ErrorCode(rawValue: code))
    return proceed
  }

extension HTTP2Session {
  fileprivate func fail(_ kind: FloodKind?) -> Bool {
    guard let kind else { return true }
    failure = .flood(kind)
    return false
  }

  fileprivate func frameBegan(_ header: nghttp2_frame_hd) -> Bool {
    let type = UInt32(header.type)
    let carries =
      type == UInt32(NGHTTP2_DATA.rawValue) || type == UInt32(NGHTTP2_HEADERS.rawValue)
    if type == UInt32(NGHTTP2_HEADERS.rawValue) { flood.used(Int(header.length)) }
    // A client does not hold its server to the limits of a crowd of strangers. Push was refused in
    // the preface, so that no server can send one in good faith: RFC 9113 section 8.4.
    guard role == .server else {
      guard type == UInt32(NGHTTP2_PUSH_PROMISE.rawValue) else { return true }
      failure = .protocolViolation(.protocolError)
      return false
    }
    if carries {
      guard isExpected(header) else {
        failure = .protocolViolation(.streamClosed)
        return false
      }
      let ends = has(NGHTTP2_FLAG_END_STREAM, header.flags)
      return fail(flood.payloadSeen(isIdle: header.length == 0 && !ends))
    }
    switch type {
    case UInt32(NGHTTP2_SETTINGS.rawValue): return fail(flood.control(.settings, now: now))
    case UInt32(NGHTTP2_PING.rawValue): return fail(flood.control(.ping, now: now))
    case UInt32(NGHTTP2_PRIORITY.rawValue), UInt32(NGHTTP2_PRIORITY_UPDATE.rawValue):
      // nghttp2 looks at no PRIORITY frame: RFC 9113 section 6.3.
      if type == UInt32(NGHTTP2_PRIORITY.rawValue), header.stream_id == 0 {
        failure = .protocolViolation(.protocolError)
        return false
      }
      return fail(flood.priority())
    case UInt32(NGHTTP2_WINDOW_UPDATE.rawValue): return fail(flood.windowUpdate())
    case UInt32(NGHTTP2_RST_STREAM.rawValue):
      let isAnswered = stream(header.stream_id)?.isOutboundComplete == true
      return isAnswered || fail(flood.resetReceived(now: now))
    default: return true
    }
  }

  /// Whether a client may send this for this stream. nghttp2 ignores what comes for a closed one;
  /// RFC 9113 section 5.1 lets that pass only where our reset may have crossed it.
  private func isExpected(_ header: nghttp2_frame_hd) -> Bool {
    let id = header.stream_id
    if id > streamSeen.newest {
      // Until nghttp2 says otherwise it refuses the stream, with all that follows on it.
      if UInt32(header.type) == UInt32(NGHTTP2_HEADERS.rawValue) { streamSeen.began(id) }
      return true
    }
    return stream(id) != nil || streamSeen.mayStillSend(id)
  }

  fileprivate func headBegan(_ header: nghttp2_frame_hd) {
    openBlock = borrowBlock()
    streamSeen.opened(header.stream_id)
    headBeganAt = now
    guard role == .server, stream(header.stream_id) == nil else { return }
    let stream = HTTP2Stream()
    stream.id = header.stream_id
    add(stream)
    flood.streamOpened()
  }

  fileprivate func field(
    _ name: Span<UInt8>, _ value: Span<UInt8>, isSensitive: Bool
  ) -> Int32 {
    guard let block = openBlock else { return abort }
    block.append(name: name, value: value, isSensitive: isSensitive, within: settings)
    if block.decodedCount > settings.fieldsMax * floodLimits.bombFactor
      || block.decodedBytes > settings.headBytesMax * floodLimits.bombFactor
    {
      failure = .flood(.headerBomb)
      return abort
    }
    let pauses = block.decodedCount == 1 && mustPause
    return pauses ? Int32(NGHTTP2_ERR_PAUSE.rawValue) : proceed
  }

  fileprivate func frameEnded(_ frame: nghttp2_frame) -> Bool {
    let header = unsafe frame.hd
    let ends = has(NGHTTP2_FLAG_END_STREAM, header.flags)
    switch UInt32(header.type) {
    case UInt32(NGHTTP2_HEADERS.rawValue): headEnded(header.stream_id, endsStream: ends)
    case UInt32(NGHTTP2_DATA.rawValue) where ends:
      if let stream = stream(header.stream_id) {
        stream.isInboundComplete = true
        list(stream)
      }
    case UInt32(NGHTTP2_RST_STREAM.rawValue):
      stream(header.stream_id)?.isResetByPeer = true
    case UInt32(NGHTTP2_SETTINGS.rawValue): isEstablished = true
    case UInt32(NGHTTP2_GOAWAY.rawValue):
      goAway = (
        unsafe frame.goaway.last_stream_id,
        unsafe HTTP2ErrorCode(rawValue: frame.goaway.error_code)
      )
    default: break
    }
    return true
  }

  private func headEnded(_ id: Int32, endsStream: Bool) {
    headBeganAt = nil
    guard let block = openBlock else { return }
    openBlock = nil
    guard let stream = stream(id) else { return recycle(block) }
    waitingHeads += 1
    if endsStream { stream.isInboundComplete = true }
    if !stream.hasHead {
      stream.heads.append(block)
      stream.hasHead = role == .server || !block.isInterim
      if stream.heads.count > Self.responseHeadsMax { condemned.append((id, .enhanceYourCalm)) }
      if role == .server { opened.append(stream) } else { list(stream) }
      return
    }
    // RFC 9113 section 8.1: fields behind the body end the stream, and come once.
    guard endsStream, stream.trailers == nil else {
      condemned.append((id, .protocolError))
      return recycle(block)
    }
    stream.trailers = block
    list(stream)
  }

  fileprivate func data(_ bytes: Span<UInt8>, of id: Int32) -> Bool {
    // nghttp2 counts what comes for streams that are gone as consumed.
    guard let stream = stream(id), stream.hasHead else { return true }
    let inbound = stream.inbound ?? borrowBody()
    stream.inbound = inbound
    if inbound.isEmpty { inbound.clear() }
    if inbound.freeCount < bytes.count { inbound.compact() }
    // The window is no larger than the buffer, so that what fits the one fits the other.
    guard inbound.append(bytes) else {
      failure = .protocolViolation(.flowControlError)
      return false
    }
    stream.receivedBytes &+= UInt64(bytes.count)
    flood.used(bytes.count)
    list(stream)
    return true
  }

  fileprivate func streamClosed(_ id: Int32, _ code: HTTP2ErrorCode) {
    guard let stream = stream(id) else { return }
    stream.closeCode = code
    remove(stream)
    list(stream)
  }
}

extension HeaderBlock {
  /// Whether the first field is a status of the 1xx class.
  fileprivate var isInterim: Bool {
    guard let first = fields.first else { return false }
    let value = text(first.value)
    return text(first.name).equals(":status") && value.count == 3 && value[0] == UInt8(ascii: "1")
  }
}
