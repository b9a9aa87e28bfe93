// What nghttp2 tells while it reads. Each function finds its session through the pointer that was
// given with it, which stays valid as long as nghttp2's session; none of them calls nghttp2.

import Bytes
import CNGHTTP2

private typealias Frame = UnsafePointer<nghttp2_frame>

/// Lets the session that a callback belongs to work. It is not retained meanwhile: it frees
/// nghttp2's before it goes, so that no callback comes later.
@inline(__always)
func withOwner<Answer>(
  _ user: UnsafeMutableRawPointer?, else failed: Answer, _ body: (HTTP2Session) -> Answer
) -> Answer {
  guard let user = unsafe user else { return failed }
  return unsafe Unmanaged<HTTP2Session>.fromOpaque(user)._withUnsafeGuaranteedRef { body($0) }
}

private let proceed: Int32 = 0
private let abort = Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)

private func has(_ flag: nghttp2_flag, _ flags: UInt8) -> Bool {
  UInt32(flags) & UInt32(flag.rawValue) != 0
}

let onFrameBegan:
  @convention(c) (OpaquePointer?, UnsafePointer<nghttp2_frame_hd>?, UnsafeMutableRawPointer?) ->
    Int32 = { _, header, user in
      guard let header = unsafe header?.pointee else { return abort }
      return unsafe withOwner(user, else: abort) { $0.frameBegan(header) ? proceed : abort }
    }

let onHeadBegan:
  @convention(c) (OpaquePointer?, UnsafePointer<nghttp2_frame>?, UnsafeMutableRawPointer?) ->
    Int32 = { _, frame, user in
      guard let header = unsafe frame?.pointee.hd else { return abort }
      return unsafe withOwner(user, else: abort) { session in
        session.headBegan(header)
        return proceed
      }
    }

let onField:
  @convention(c) (
    OpaquePointer?, UnsafePointer<nghttp2_frame>?, UnsafePointer<UInt8>?, Int,
    UnsafePointer<UInt8>?, Int, UInt8, UnsafeMutableRawPointer?
  ) -> Int32 = { _, _, name, nameCount, value, valueCount, flags, user in
    guard let name = unsafe name, let value = unsafe value else { return abort }
    let isSensitive = UInt32(flags) & UInt32(NGHTTP2_NV_FLAG_NO_INDEX.rawValue) != 0
    return unsafe withOwner(user, else: abort) { session in
      // nghttp2 keeps both texts as they are until this call returns.
      unsafe session.field(
        Span(_unsafeStart: name, count: nameCount), Span(_unsafeStart: value, count: valueCount),
        isSensitive: isSensitive)
    }
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
      guard let frame = unsafe frame else { return abort }
      return unsafe withOwner(user, else: abort) { session in
        unsafe session.frameEnded(frame)
        return proceed
      }
    }

let onData:
  @convention(c) (
    OpaquePointer?, UInt8, Int32, UnsafePointer<UInt8>?, Int, UnsafeMutableRawPointer?
  ) -> Int32 = { _, _, id, bytes, count, user in
    guard let bytes = unsafe bytes else { return abort }
    return unsafe withOwner(user, else: abort) { session in
      // nghttp2 points into the bytes that it was fed.
      unsafe session.data(Span(_unsafeStart: bytes, count: count), of: id) ? proceed : abort
    }
  }

let onStreamClosed:
  @convention(c) (OpaquePointer?, Int32, UInt32, UnsafeMutableRawPointer?) -> Int32 = {
    _, id, code, user in
    unsafe withOwner(user, else: abort) { session in
      session.streamClosed(id, HTTP2ErrorCode(rawValue: code))
      return proceed
    }
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
    if type == UInt32(NGHTTP2_HEADERS.rawValue) { guarded { $0.used(Int(header.length)) } }
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
      return fail(guarded { $0.payloadSeen(isIdle: header.length == 0 && !ends) })
    }
    let now = now
    switch type {
    case UInt32(NGHTTP2_SETTINGS.rawValue):
      return fail(guarded { $0.control(.settings, now: now) })
    case UInt32(NGHTTP2_PING.rawValue): return fail(guarded { $0.control(.ping, now: now) })
    case UInt32(NGHTTP2_PRIORITY.rawValue), UInt32(NGHTTP2_PRIORITY_UPDATE.rawValue):
      // nghttp2 looks at no PRIORITY frame: RFC 9113 section 6.3.
      if type == UInt32(NGHTTP2_PRIORITY.rawValue), header.stream_id == 0 {
        failure = .protocolViolation(.protocolError)
        return false
      }
      return fail(guarded { $0.priority() })
    case UInt32(NGHTTP2_WINDOW_UPDATE.rawValue): return fail(guarded { $0.windowUpdate() })
    case UInt32(NGHTTP2_RST_STREAM.rawValue):
      let isAnswered = stream(header.stream_id)?.hasFramedLast == true
      return isAnswered || fail(guarded { $0.resetReceived(now: now) })
    default: return true
    }
  }

  /// Whether a client may send this for this stream. nghttp2 ignores what comes for a closed one;
  /// RFC 9113 section 5.1 lets that pass only where our reset may have crossed it.
  private func isExpected(_ header: nghttp2_frame_hd) -> Bool {
    let id = header.stream_id
    if id > streamSeen({ $0.newest }) {
      // Until nghttp2 says otherwise it refuses the stream, with all that follows on it.
      if UInt32(header.type) == UInt32(NGHTTP2_HEADERS.rawValue) { streamSeen { $0.began(id) } }
      return true
    }
    return stream(id) != nil || streamSeen { $0.mayStillSend(id) }
  }

  fileprivate func headBegan(_ header: nghttp2_frame_hd) {
    openBlock = borrowBlock()
    streamSeen { $0.opened(header.stream_id) }
    openHeadBeganAt = now
    guard role == .server, stream(header.stream_id) == nil else { return }
    let stream = HTTP2Stream()
    stream.number = header.stream_id
    adopt(stream)
    guarded { $0.streamOpened() }
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

  fileprivate func frameEnded(_ frame: UnsafePointer<nghttp2_frame>) {
    let header = unsafe frame.pointee.hd
    let ends = has(NGHTTP2_FLAG_END_STREAM, header.flags)
    switch UInt32(header.type) {
    case UInt32(NGHTTP2_HEADERS.rawValue): headEnded(header.stream_id, endsStream: ends)
    case UInt32(NGHTTP2_DATA.rawValue) where ends:
      if let stream = stream(header.stream_id) {
        stream.hasReceivedLast = true
        list(stream)
      }
    case UInt32(NGHTTP2_RST_STREAM.rawValue): stream(header.stream_id)?.wasReset = true
    case UInt32(NGHTTP2_SETTINGS.rawValue): hasSettings = true
    case UInt32(NGHTTP2_GOAWAY.rawValue):
      peerGoAway = (
        unsafe frame.pointee.goaway.last_stream_id,
        unsafe HTTP2ErrorCode(rawValue: frame.pointee.goaway.error_code)
      )
    default: break
    }
  }

  private func headEnded(_ id: Int32, endsStream: Bool) {
    openHeadBeganAt = nil
    guard let block = openBlock else { return }
    openBlock = nil
    guard let stream = stream(id) else { return recycle(block) }
    waitingHeads += 1
    if endsStream { stream.hasReceivedLast = true }
    if !stream.hasHead {
      stream.add(block)
      stream.hasHead = role == .server || !block.isInterim
      if stream.headCount > Self.responseHeadsMax { condemned.append((id, .enhanceYourCalm)) }
      if role == .server { open(stream) } else { list(stream) }
      return
    }
    // RFC 9113 section 8.1: fields behind the body end the stream, and come once.
    guard endsStream, stream.ownTrailers == nil else {
      condemned.append((id, .protocolError))
      return recycle(block)
    }
    stream.ownTrailers = block
    list(stream)
  }

  fileprivate func data(_ bytes: Span<UInt8>, of id: Int32) -> Bool {
    // nghttp2 counts what comes for streams that are gone as consumed.
    guard let stream = stream(id), stream.hasHead else { return true }
    let inbound = stream.received ?? borrowBody()
    stream.received = inbound
    if inbound.isEmpty { inbound.clear() }
    if inbound.freeCount < bytes.count { inbound.compact() }
    // The window is no larger than the buffer, so that what fits the one fits the other.
    guard inbound.append(bytes) else {
      failure = .protocolViolation(.flowControlError)
      return false
    }
    stream.receivedCount &+= UInt64(bytes.count)
    guarded { $0.used(bytes.count) }
    list(stream)
    return true
  }

  fileprivate func streamClosed(_ id: Int32, _ code: HTTP2ErrorCode) {
    guard let stream = stream(id) else { return }
    stream.endCode = code
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
