// A growing run of bytes: heads, log lines and error bodies are written into one that is kept and
// reused.

/// Bytes in the making. It grows when it must and keeps its storage when cleared, so that steady
/// work allocates nothing.
///
/// It is not copyable, so the compiler proves that no span of it is alive while it is written.
@safe public struct Output: ~Copyable {
  @usableFromInline var base: UnsafeMutableRawPointer
  @usableFromInline var room: Int
  @usableFromInline var used = 0
  /// Whether the memory is this output's own, to be freed with it.
  @usableFromInline var isOwner: Bool

  public init(capacity: Int) {
    precondition(capacity > 0, "An output starts with room for at least one byte.")
    room = capacity
    isOwner = true
    unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
  }

  /// Writes into memory that another owns and that outlives this output. When more is written than
  /// fits, the text moves to memory of its own: see `isOwner`.
  @inlinable init(over memory: UnsafeMutableRawPointer, room: Int) {
    self.room = room
    isOwner = false
    unsafe base = memory
  }

  @inlinable deinit { if isOwner { unsafe base.deallocate() } }

  /// Bytes that fit before the next growth.
  @inlinable public var capacity: Int { room }
  /// Bytes written so far.
  @inlinable public var count: Int { used }
  @inlinable public var isEmpty: Bool { used == 0 }

  /// Everything written so far. Valid until the next write.
  @inlinable public var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    get { self[0..<count] }
  }

  @inlinable public subscript(range: Range<Int>) -> Span<UInt8> {
    @_lifetime(borrow self)
    get {
      precondition(range.lowerBound >= 0 && range.upperBound <= count, "The range is written.")
      // The range was checked, and the span cannot outlive the output.
      let pointer = unsafe UnsafeRawPointer(base + range.lowerBound)
      let span = unsafe Span<UInt8>(
        _unsafeStart: pointer.assumingMemoryBound(to: UInt8.self), count: range.count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Forgets all bytes and keeps the storage.
  @inlinable public mutating func clear() { used = 0 }

  /// Forgets the bytes from `length` on.
  public mutating func truncate(to length: Int) {
    precondition(length >= 0 && length <= count, "An output is only cut where it is written.")
    used = length
  }

  /// Makes room for `room` more bytes, so that the appends that follow do not grow one by one.
  @inlinable public mutating func reserve(_ needed: Int) {
    // The count is never over the capacity.
    if capacity &- count < needed { grow(toHold: count + needed) }
  }

  @inlinable public mutating func append(_ byte: UInt8) {
    reserve(1)
    // The room was made above.
    unsafe base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    used &+= 1
  }

  @inlinable public mutating func append(_ bytes: Span<UInt8>) {
    let size = bytes.count
    reserve(size)
    unsafe bytes.withUnsafeBytes { source in
      guard let from = source.baseAddress else { return }
      // The room was made above, and no span of this output can be the source while it is written.
      unsafe (base + count).copyMemory(from: from, byteCount: size)
    }
    used &+= size
  }

  /// Inlined, so that the copy of a literal becomes a few stores of constants.
  @inlinable @inline(__always) public mutating func append(_ text: StaticString) {
    let size = text.utf8CodeUnitCount
    reserve(size)
    // The room was made above, and a static string lives as long as the program.
    unsafe (base + count).copyMemory(from: text.utf8Start, byteCount: size)
    used &+= size
  }

  @inlinable public mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

  /// Not for the hot path: a `String` may have to be made contiguous first. Disfavoured, so that a
  /// literal is a `StaticString` and costs a few stores: as a `String` it cost ten times as much.
  @_disfavoredOverload
  public mutating func append(_ text: String) {
    for byte in text.utf8 { append(byte) }
  }

  /// Writes into `room` bytes behind the text, which `body` may fill in part; it returns how many
  /// it filled.
  @inline(__always) mutating func fill(
    room: Int, _ body: (UnsafeMutableRawPointer) -> Int
  ) {
    reserve(room)
    // The room was made above; the count is checked before it is believed.
    let size = unsafe body(base + count)
    precondition(size >= 0 && size <= room, "A fill stays within its room.")
    used += size
  }

  /// Writes the letters of what was written there in lower case, eight bytes at a time.
  public mutating func lowercase(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "The range is written.")
    guard range.count >= 8 else {
      for index in range {
        // One byte of the range, which was checked.
        let byte = unsafe base.load(fromByteOffset: index, as: UInt8.self)
        unsafe base.storeBytes(of: ASCII.lowercase(byte), toByteOffset: index, as: UInt8.self)
      }
      return
    }
    var index = range.lowerBound
    while index < range.upperBound {
      // Eight bytes of the range: the last ones may be among those before.
      let start = min(index, range.upperBound &- 8)
      let word = unsafe base.loadUnaligned(fromByteOffset: start, as: UInt64.self)
      unsafe base.storeBytes(of: Self.lowercased(word), toByteOffset: start, as: UInt64.self)
      index &+= 8
    }
  }

  /// The top bit of a byte tells, after an addition that cannot carry, on which side of a letter it
  /// stands: between the two sums' crossings are the capital letters.
  private static func lowercased(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let low = word & (ones &* 0x7F)
    let fromA = low &+ ones &* (0x80 - 0x41)
    let behindZ = low &+ ones &* (0x7F - 0x5A)
    let isCapital = (fromA ^ behindZ) & ~word & (ones &* 0x80)
    return word | isCapital &>> 2
  }

  /// Everything written so far as raw memory, for a system call. Valid during `body` only.
  @inlinable public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    unsafe body(UnsafeRawBufferPointer(start: base, count: count))
  }

  @usableFromInline mutating func grow(toHold needed: Int) {
    let larger = max(needed, capacity * 2)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    unsafe moved.copyMemory(from: base, byteCount: count)
    if isOwner { unsafe base.deallocate() }
    unsafe base = moved
    room = larger
    isOwner = true
  }
}

// An output is the only owner of its memory and cannot be copied: whoever holds it is the only one
// who reaches its bytes, on whatever thread that is.
extension Output: @unchecked Sendable {}
