// A place for a plain value in a class, read and replaced without the runtime's access checks.

/// One plain value that is only ever read whole and replaced whole.
///
/// A stored property of a class costs about eighty instructions per access for the check that no
/// two accesses overlap. Here none can: there is no way to hold on to the inside of a cell, as with
/// Rust's type of the same name. Like its owner, it stays on one worker.
@safe public struct Cell<Value: BitwiseCopyable>: ~Copyable {
  @usableFromInline let storage: UnsafeMutablePointer<Value>

  @inlinable public init(_ value: Value) {
    unsafe storage = UnsafeMutablePointer.allocate(capacity: 1)
    unsafe storage.initialize(to: value)
  }

  // A plain value needs no deinitialization.
  deinit { unsafe storage.deallocate() }

  @inlinable public var value: Value {
    // The storage lives as long as the cell, and is initialized from the start.
    get { unsafe storage.pointee }
    nonmutating set { unsafe storage.pointee = newValue }
  }

  /// One of the values, for an owner that shows them as its own by dynamic member lookup, which the
  /// optimiser turns into one load or store.
  @inlinable public subscript<Member>(path: WritableKeyPath<Value, Member>) -> Member {
    @inline(__always) get { unsafe storage.pointee[keyPath: path] }
    @inline(__always) nonmutating set { unsafe storage.pointee[keyPath: path] = newValue }
  }
}
