// Memory for one value inside of its owner, reached by its address: what `Cell`, `Lent` and
// `HeldBuffer` are made of (docs/decisions/0012).

import Builtin

/// The place of a value, which stands in its owner's own memory: no block, no pointer of its own.
///
/// It is what the standard library's `Atomic` and `Mutex` stand in. The compiler neither copies it
/// nor takes what is in it for constant. Who makes a place fills it, and answers for who reaches it
/// when.
@_rawLayout(like: Value, movesAsLike)
@unsafe @usableFromInline struct Place<Value: ~Copyable>: ~Copyable {
  /// Where the value stands, for as long as its owner does.
  @inlinable @inline(__always) var address: UnsafeMutablePointer<Value> {
    unsafe UnsafeMutablePointer(Builtin.addressOfRawLayout(self))
  }

  @inlinable @inline(__always) init(_ value: consuming Value) {
    unsafe address.initialize(to: value)
  }

  @inlinable deinit { unsafe address.deinitialize(count: 1) }
}
