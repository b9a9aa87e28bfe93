// A buffer that its owner keeps for its text: reading the text counts no references.

/// A place for a buffer, or for none. Like its owner, it stays on one worker.
@safe public struct HeldBuffer: ~Copyable {
  @usableFromInline let place: Place<Held>

  /// The buffer, and what of its block was filled when it came.
  @safe @usableFromInline struct Held {
    @usableFromInline var buffer: Buffer?
    @usableFromInline var base: UnsafeMutableRawPointer?
    @usableFromInline var count = 0

    @inlinable init(_ buffer: Buffer?) {
      self.buffer = buffer
      unsafe base = buffer?.base
      count = buffer?.end ?? 0
    }
  }

  public init() { unsafe place = Place(Held(nil)) }

  @inlinable public var isEmpty: Bool { unsafe place.address.pointee.buffer == nil }

  /// Keeps `buffer`, and lets go of the one before. Bytes that are filled later are not seen.
  @inlinable public func keep(_ buffer: Buffer?) { unsafe place.address.pointee = Held(buffer) }

  /// Lets the buffer go to whoever asks for it.
  public func take() -> Buffer? {
    let buffer = unsafe place.address.pointee.buffer
    keep(nil)
    return buffer
  }

  /// Bytes at offsets of the block, for an owner that keeps the buffer as long as the span lives,
  /// and says so.
  @unsafe @_lifetime(immortal) @inlinable
  public func unsafeBytes(_ range: Range<Int>) -> Span<UInt8> {
    let count = unsafe place.address.pointee.count
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "The range is filled.")
    guard let base = unsafe place.address.pointee.base else { return Span() }
    // The range was checked against the filled part; the owner answers for the lifetime.
    let pointer = unsafe UnsafeRawPointer(base + range.lowerBound)
    let span = unsafe Span<UInt8>(
      _unsafeStart: pointer.assumingMemoryBound(to: UInt8.self), count: range.count)
    return unsafe _overrideLifetime(span, copying: ())
  }
}

// Two threads could exchange it at once.
@available(*, unavailable) extension HeldBuffer: Sendable {}
