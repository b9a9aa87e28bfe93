// The plain values of an object that lives as long as a connection or an exchange: numbers, flags,
// offsets. They stand in one block of their own, and are read and written through it.

/// One value made of plain values, for an object that is changed with every request.
///
/// A stored property of a class is watched at run time for overlapping accesses, since such an
/// access could reach memory that is gone. Plain values own no memory: here an overlap could at
/// most lose a write. The watching took a third of a request's instructions.
@safe public struct PlainState<Value: BitwiseCopyable>: ~Copyable {
  // Owned by this value, which cannot be copied, and initialised from the first to the last moment.
  @usableFromInline let place: UnsafeMutablePointer<Value>

  public init(_ value: Value) {
    unsafe place = .allocate(capacity: 1)
    unsafe place.initialize(to: value)
  }

  deinit { unsafe place.deallocate() }

  /// All values together.
  @inlinable public var value: Value {
    @inline(__always) get { unsafe place.pointee }
    @inline(__always) nonmutating set { unsafe place.pointee = newValue }
  }

  /// One of the values: for an owner that shows them as its own by dynamic member lookup, which
  /// the optimiser turns into one load or store.
  @inlinable public subscript<Member>(path: WritableKeyPath<Value, Member>) -> Member {
    @inline(__always) get { unsafe place.pointee[keyPath: path] }
    @inline(__always) nonmutating set { unsafe place.pointee[keyPath: path] = newValue }
  }
}
