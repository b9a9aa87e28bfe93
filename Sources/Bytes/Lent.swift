// A place for a value that is changed where it stands, in a class, without the runtime's access
// checks.

/// One value that is lent out for the length of a call, to one caller at a time.
///
/// A stored property of a class costs about eighty instructions per change for the check that no
/// two accesses overlap. Here a flag is that check, as in Rust's `RefCell`: who asks while the
/// value is lent stops the program. Like its owner, it stays on one worker.
@safe public struct Lent<Value: ~Copyable>: ~Copyable {
  @usableFromInline let place: Place<Value>
  @usableFromInline let isLent = Cell(false)

  @inlinable public init(_ value: consuming Value) { unsafe place = Place(value) }

  /// Lends the value to `body`, which may change it, and must not ask for it again.
  @inlinable @inline(__always)
  public func callAsFunction<Result: ~Copyable, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(!isLent.value, "A value is lent to one caller at a time.")
    isLent.value = true
    defer { isLent.value = false }
    // The place is filled from the start, and the flag keeps others away.
    return try unsafe body(&place.address.pointee)
  }
}

// Two threads could borrow it at once.
@available(*, unavailable) extension Lent: Sendable {}
