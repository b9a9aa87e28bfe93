// A place for a plain value in a class, read and replaced without the runtime's access checks.

/// One plain value that is only ever read whole and replaced whole.
///
/// A stored property of a class costs about eighty instructions per access for the check that no
/// two accesses overlap. Here none can: there is no way to hold on to the inside of a cell, as with
/// Rust's type of the same name. Like its owner, it stays on one worker.
@safe public struct Cell<Value: BitwiseCopyable>: ~Copyable {
  @usableFromInline let place: Place<Value>

  @inlinable public init(_ value: Value) { unsafe place = Place(value) }

  @inlinable public var value: Value {
    // The place is filled from the start, and holds a plain value.
    @inline(__always) get { unsafe place.address.pointee }
    @inline(__always) nonmutating set { unsafe place.address.pointee = newValue }
  }

  /// One of the values, for an owner that shows them as its own by dynamic member lookup, which the
  /// optimiser turns into one load or store.
  @inlinable public subscript<Member>(path: WritableKeyPath<Value, Member>) -> Member {
    @inline(__always) get { unsafe place.address.pointee[keyPath: path] }
    @inline(__always) nonmutating set { unsafe place.address.pointee[keyPath: path] = newValue }
  }
}

// Two threads could write it at once.
@available(*, unavailable) extension Cell: Sendable {}
