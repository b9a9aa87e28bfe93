// A connected stream socket on a loop: it remembers what epoll said, so that no call is made that
// would block.

import Bytes
import CLinux
import Glibc

/// A non-blocking stream socket: TCP over IPv4 or IPv6, or a unix socket.
///
/// It is watched edge-triggered from its first to its last moment, in both directions: readiness
/// costs one `epoll_ctl` per connection, not per wait.
public final class Socket: EventSource {
  /// How a transfer ended.
  public enum Transfer {
    case count(Int)
    /// The peer has sent its last byte. Receiving only.
    case ended
    /// Nothing could be moved now: wait for the socket.
    case blocked
    case failed(SystemError)
  }

  /// What is known of the descriptor.
  @usableFromInline struct Readiness: BitwiseCopyable {
    @usableFromInline var isReadable = false
    @usableFromInline var isWritable: Bool
    @usableFromInline var isPeerClosed = false
    @usableFromInline var isBroken = false
    @usableFromInline var isClosed = false

    init(isWritable: Bool) { self.isWritable = isWritable }
  }

  @usableFromInline let readiness: Cell<Readiness>
  private var told: (any SocketObserver)?

  /// Whether `receive` may find something. A short read clears it, unless the end of the stream is
  /// already known.
  @inlinable public internal(set) var isReadable: Bool {
    get { readiness.value.isReadable }
    set { readiness[\.isReadable] = newValue }
  }
  /// Whether `send` may make progress.
  @inlinable public internal(set) var isWritable: Bool {
    get { readiness.value.isWritable }
    set { readiness[\.isWritable] = newValue }
  }
  /// The peer has sent its last byte; it may still read.
  @inlinable public internal(set) var isPeerClosed: Bool {
    get { readiness.value.isPeerClosed }
    set { readiness[\.isPeerClosed] = newValue }
  }
  /// Reset, or closed in both directions: nothing more can be sent.
  @inlinable public internal(set) var isBroken: Bool {
    get { readiness.value.isBroken }
    set { readiness[\.isBroken] = newValue }
  }
  @inlinable public internal(set) var isClosed: Bool {
    get { readiness.value.isClosed }
    set { readiness[\.isClosed] = newValue }
  }
  /// Who wants to know about changes: the waiter of the task that uses the socket, or its parked
  /// owner.
  public var observer: (any SocketObserver)? {
    get { told }
    set { told = newValue }
  }

  /// Takes over a connected or connecting descriptor.
  public init(
    descriptor: Int32, isConnected: Bool, on loop: EventLoop
  ) throws(SystemError) {
    readiness = Cell(Readiness(isWritable: isConnected))
    super.init(descriptor: descriptor, on: loop)
    do throws(SystemError) {
      try watch(for: [.readable, .writable, .peerClosed, .edgeTriggered])
    } catch {
      isClosed = true
      Glibc.close(descriptor)
      throw error
    }
  }

  deinit { precondition(isClosed, "A socket is closed by its owner, not by chance.") }

  public override func receive(_ events: PollEvents) {
    var now = readiness.value
    if !events.isDisjoint(with: [.readable, .peerClosed, .hungUp, .failed]) {
      now.isReadable = true
    }
    if !events.isDisjoint(with: [.writable, .hungUp, .failed]) { now.isWritable = true }
    if !events.isDisjoint(with: [.peerClosed, .hungUp]) { now.isPeerClosed = true }
    if !events.isDisjoint(with: [.hungUp, .failed]) { now.isBroken = true }
    readiness.value = now
    told?.socketChanged()
  }

  /// Reads once into the room behind the buffer's window, which must not be empty.
  public func receive(into buffer: Buffer) -> Transfer {
    guard isReadable else { return .blocked }
    let room = buffer.freeCount
    precondition(room > 0, "A receive needs room.")
    while true {
      // The kernel writes at most `room` bytes into memory that the buffer owns.
      var result = 0
      _ = unsafe buffer.fill { memory in
        result = unsafe recv(descriptor, memory.baseAddress, room, 0)
        return max(result, 0)
      }
      if result > 0 {
        // A short read empties the socket, but an end already announced is not announced again.
        if result < room && !isPeerClosed && !isBroken { isReadable = false }
        return .count(result)
      }
      if result == 0 {
        isPeerClosed = true
        return .ended
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        isReadable = false
        return .blocked
      default: return fail("recv")
      }
    }
  }

  /// Sends once from `bytes`, which are not empty.
  public func send(_ bytes: Span<UInt8>) -> Transfer {
    guard isWritable else { return .blocked }
    let count = bytes.count
    while true {
      // The kernel reads `count` bytes of a span that is alive during the call.
      let result = unsafe bytes.withUnsafeBytes { memory in
        unsafe Glibc.send(descriptor, memory.baseAddress, count, Int32(MSG_NOSIGNAL))
      }
      if result >= 0 {
        if result < count { isWritable = false }
        return .count(result)
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        isWritable = false
        return .blocked
      default: return fail("send")
      }
    }
  }

  /// Sends once from two runs of bytes in one call.
  public func send(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Transfer {
    if first.isEmpty { return send(second) }
    if second.isEmpty { return send(first) }
    guard isWritable else { return .blocked }
    let count = first.count + second.count
    while true {
      let result = gather(first, second)
      if result >= 0 {
        if result < count { isWritable = false }
        return .count(result)
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        isWritable = false
        return .blocked
      default: return fail("sendmsg")
      }
    }
  }

  private func gather(_ first: Span<UInt8>, _ second: Span<UInt8>) -> Int {
    // Both spans are alive during the call; the kernel only reads them.
    unsafe first.withUnsafeBytes { a in
      unsafe second.withUnsafeBytes { b in
        var parts = unsafe (
          iovec(iov_base: UnsafeMutableRawPointer(mutating: a.baseAddress), iov_len: a.count),
          iovec(iov_base: UnsafeMutableRawPointer(mutating: b.baseAddress), iov_len: b.count)
        )
        return unsafe withUnsafeMutableBytes(of: &parts) { list in
          var message = unsafe msghdr()
          unsafe message.msg_iov = list.baseAddress?.assumingMemoryBound(to: iovec.self)
          unsafe message.msg_iovlen = 2
          return unsafe sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
        }
      }
    }
  }

  /// Bytes that were sent and that the peer's system has not taken: a system call.
  public var queuedByteCount: Int {
    // Only a descriptor that is no socket has no queue.
    isClosed ? 0 : max(0, Int(cl_queued(descriptor)))
  }

  /// Why the connection attempt failed, or nil when it stands. Call it once the socket is writable.
  public func connectError() -> SystemError? {
    var code: Int32 = 0
    var length = socklen_t(4)
    let result = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
    if result != 0 { return SystemError("getsockopt") }
    return code == 0 ? nil : SystemError("connect", code: code)
  }

  /// Tells the peer that no more bytes will come, and still listens.
  public func shutdownSending() {
    guard !isClosed else { return }
    // ENOTCONN is the only failure: the peer is gone, and closing follows anyway.
    _ = shutdown(descriptor, Int32(SHUT_WR))
  }

  /// Makes `close` reset the connection, so that the peer cannot take a cut message for a whole
  /// one.
  public func resetOnClose() {
    guard !isClosed else { return }
    var option = linger(l_onoff: 1, l_linger: 0)
    // Unix sockets know no linger; their peer sees the close without a reset.
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// Closes the descriptor, once; later calls do nothing.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    observer = nil
    unwatch()
    Glibc.close(descriptor)
  }

  private func fail(_ call: StaticString) -> Transfer {
    let error = SystemError(call)
    isBroken = true
    // What the peer said before it left can still be read, whether or not its event is here yet.
    isReadable = true
    return .failed(error)
  }
}
