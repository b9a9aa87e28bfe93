// A fixed block of bytes with a read window: what sockets fill and parsers look at.
// It never grows; a reader that needs more room asks its pool for a larger block.

/// A fixed block of memory whose bytes `start..<end` are filled and not yet consumed.
///
/// A buffer has one owner at a time and is not `Sendable`: it stays on its worker's loop.
/// Spans taken from it are valid until the next call that mutates it.
@safe public final class Buffer {
  /// Bytes that the block holds in all.
  public let capacity: Int
  @usableFromInline let base: UnsafeMutableRawPointer
  @usableFromInline let window = Cell(Window(start: 0, end: 0))
  /// Whether it waits in a pool.
  var isIdle: Bool {
    get { window.value.isIdle }
    set { window[\.isIdle] = newValue }
  }

  @usableFromInline struct Window: BitwiseCopyable {
    @usableFromInline var start: Int
    @usableFromInline var end: Int
    @usableFromInline var isIdle = false

    @inlinable init(start: Int, end: Int) {
      self.start = start
      self.end = end
    }
  }

  /// Offset of the first byte that has not been consumed.
  @inlinable public internal(set) var start: Int {
    get { window.value.start }
    set { window[\.start] = newValue }
  }
  /// Offset after the last filled byte.
  @inlinable public internal(set) var end: Int {
    get { window.value.end }
    set { window[\.end] = newValue }
  }

  /// Allocates `capacity` bytes, which are not touched until they are filled.
  public init(capacity: Int) {
    precondition(capacity > 0, "A buffer holds at least one byte.")
    self.capacity = capacity
    unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
  }

  deinit { unsafe base.deallocate() }

  /// Bytes that are filled and not yet consumed.
  @inlinable public var count: Int { end &- start }
  @inlinable public var isEmpty: Bool { end == start }
  /// Bytes that can still be filled behind the window.
  @inlinable public var freeCount: Int { capacity &- end }

  /// The window: what is filled and not yet consumed.
  @inlinable public var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    get { self[start..<end] }
  }

  /// Bytes at absolute offsets of the block, which stay where they are when `consume` moves the
  /// window.
  @inlinable public subscript(range: Range<Int>) -> Span<UInt8> {
    @_lifetime(borrow self)
    get { unsafe _overrideLifetime(unsafeBytes(range), borrowing: self) }
  }

  /// The same bytes for an owner that holds this buffer as long as the span lives, and says so.
  @unsafe @_lifetime(immortal) @inlinable
  public func unsafeBytes(_ range: Range<Int>) -> Span<UInt8> {
    precondition(range.lowerBound >= 0 && range.upperBound <= end, "The range is filled.")
    // The range was checked against the filled part; the caller answers for the lifetime.
    let pointer = unsafe UnsafeRawPointer(base + range.lowerBound)
    let span = unsafe Span<UInt8>(
      _unsafeStart: pointer.assumingMemoryBound(to: UInt8.self), count: range.count)
    return unsafe _overrideLifetime(span, copying: ())
  }

  /// Drops the first `count` bytes of the window. An empty window does not move to the front by
  /// itself, since offsets into the block may still be in use: see `clear` and `compact`.
  @inlinable public func consume(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "Only filled bytes can be consumed.")
    start &+= count
  }

  /// Forgets all bytes.
  @inlinable public func clear() { window.value = Window(start: 0, end: 0) }

  /// Forgets the bytes from offset `end` on.
  @inlinable public func truncate(to end: Int) {
    precondition(end >= start && end <= self.end, "A buffer is only cut where it is filled.")
    self.end = end
  }

  /// Moves the window to the front of the block, so that all room lies behind it.
  public func compact() {
    guard start > 0 else { return }
    // Both ranges lie inside the block; memmove allows them to overlap.
    unsafe base.copyMemory(from: base + start, byteCount: count)
    window.value = Window(start: 0, end: count)
  }

  /// Appends bytes behind the window. Returns false, and appends nothing, when they do not fit.
  public func append(_ bytes: Span<UInt8>) -> Bool {
    let count = bytes.count
    guard count <= freeCount else { return false }
    // The room was checked above, and the source cannot overlap with unfilled bytes.
    unsafe bytes.withUnsafeBytes { source in
      if let from = source.baseAddress {
        unsafe (base + end).copyMemory(from: from, byteCount: count)
      }
    }
    end &+= count
    return true
  }

  /// Appends text behind the window. Returns false, and appends nothing, when it does not fit.
  public func append(_ text: StaticString) -> Bool { append(text.bytes) }

  /// Lets `body` write text behind the window. Returns false, and keeps nothing of it, when it does
  /// not fit.
  @inlinable @inline(__always) public func write(_ body: (inout Output) -> Void) -> Bool {
    // The block outlives the call; text that does not fit goes to memory of the output's own.
    var output = unsafe Output(over: base + end, room: freeCount)
    body(&output)
    guard !output.isOwner else { return false }
    end &+= output.count
    return true
  }

  /// Lets `fill` write behind the window; it returns how many bytes it filled.
  @inlinable public func fill(_ fill: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
    let room = unsafe UnsafeMutableRawBufferPointer(start: base + end, count: freeCount)
    let count = unsafe fill(room)
    precondition(count >= 0 && count <= freeCount, "A fill stays within its room.")
    end &+= count
    return count
  }

  /// The window as raw memory, for a system call or a C library. Valid during `body` only.
  @inlinable public func withUnsafeWindow<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    unsafe body(UnsafeRawBufferPointer(start: base + start, count: count))
  }
}
