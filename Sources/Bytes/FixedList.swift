// A list of plain values that never grows beyond its first block, for the entries of hot tables.

/// Up to `capacity` plain values, in order.
///
/// Reading and replacing elements costs a bounds check and nothing else: no reference counts, no
/// access checks (see `Cell`), no allocation. It is a reference: whoever holds it sees every
/// change. It stays on one worker.
@safe public final class FixedList<Element: BitwiseCopyable>: RandomAccessCollection {
  public let capacity: Int
  @usableFromInline let storage: UnsafeMutablePointer<Element>
  @usableFromInline let filled: Cell<Int>

  /// Allocates the block for all elements.
  public init(capacity: Int) {
    precondition(capacity > 0, "A list holds at least one element.")
    self.capacity = capacity
    unsafe storage = UnsafeMutablePointer.allocate(capacity: capacity)
    filled = Cell(0)
  }

  // Plain values need no deinitialization.
  deinit { unsafe storage.deallocate() }

  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { filled.value }
  @inlinable public var count: Int { filled.value }

  @inlinable public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < filled.value, "The index is in use.")
      // Elements below the count are initialized, and the index was checked.
      return unsafe storage[index]
    }
    set {
      precondition(index >= 0 && index < filled.value, "The index is in use.")
      // As for reading; a plain value needs no deinitialization.
      unsafe storage[index] = newValue
    }
  }

  /// All elements, to be gone through with one check of bounds. Valid until the next change.
  @inlinable public var span: Span<Element> {
    @_lifetime(borrow self)
    get {
      // Elements below the count are initialized, and the list outlives the span.
      let span = unsafe Span(_unsafeStart: storage, count: filled.value)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Appends an element. Returns false, and appends nothing, when the list is full.
  @inlinable public func append(_ element: Element) -> Bool {
    let index = filled.value
    guard index < capacity else { return false }
    // The index is below the capacity.
    unsafe (storage + index).initialize(to: element)
    filled.value = index &+ 1
    return true
  }

  /// Forgets all elements.
  @inlinable public func removeAll() { filled.value = 0 }
}
