// A place for a value that is changed where it stands, in a class, without the runtime's access
// checks.

/// One value that is lent out for the length of a call, to one caller at a time.
///
/// A stored property of a class costs about eighty instructions per change for the check that no
/// two accesses overlap. Here a flag is that check, as in Rust's `RefCell`: who asks while the
/// value is lent stops the program. Like its owner, it stays on one worker.
@safe public struct Lent<Value: ~Copyable>: ~Copyable {
  @usableFromInline let storage: UnsafeMutablePointer<Place>

  /// The value and the flag in one block.
  @safe @usableFromInline struct Place: ~Copyable {
    @usableFromInline var value: Value
    @usableFromInline var isLent = false

    @inlinable init(_ value: consuming Value) { self.value = value }
  }

  @inlinable public init(_ value: consuming Value) {
    unsafe storage = UnsafeMutablePointer.allocate(capacity: 1)
    unsafe storage.initialize(to: Place(value))
  }

  deinit {
    unsafe storage.deinitialize(count: 1)
    unsafe storage.deallocate()
  }

  /// Lends the value to `body`, which may change it, and must not ask for it again.
  @inlinable @inline(__always)
  public func callAsFunction<Result: ~Copyable, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // The storage lives as long as this place, and is initialized from the start.
    unsafe precondition(!storage.pointee.isLent, "A value is lent to one caller at a time.")
    unsafe storage.pointee.isLent = true
    defer { unsafe storage.pointee.isLent = false }
    return try unsafe body(&storage.pointee.value)
  }
}
