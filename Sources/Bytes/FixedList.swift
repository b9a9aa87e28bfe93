// A list of plain values in one block that never grows: for what is filled and emptied with every
// message. An array would be checked for sharing at each write and counted at each read.

/// Up to `capacity` values, side by side, in the order in which they were appended.
///
/// It has one owner, which alone changes it; others read. Not `Sendable`.
@safe public final class FixedList<Element: BitwiseCopyable> {
  public let capacity: Int
  @usableFromInline let base: UnsafeMutablePointer<Element>
  // A number that is read and written whole, and each index is checked against it: see `Buffer`.
  @exclusivity(unchecked) @usableFromInline var used = 0

  public init(capacity: Int) {
    precondition(capacity > 0, "A list has room for at least one value.")
    self.capacity = capacity
    unsafe base = .allocate(capacity: capacity)
  }

  deinit { unsafe base.deallocate() }

  @inlinable public var count: Int { unsafe used }

  /// Appends a value. Returns false, and appends nothing, when the list is full.
  @inlinable public func append(_ element: Element) -> Bool {
    let place = count
    guard place < capacity else { return false }
    // The place was checked above; plain values need no initialisation.
    unsafe base[place] = element
    unsafe used = place &+ 1
    return true
  }

  /// Forgets all values.
  @inlinable public func removeAll() { unsafe used = 0 }
}

extension FixedList: RandomAccessCollection {
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { count }

  @inlinable public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "Only values that were appended can be read.")
      return unsafe base[index]
    }
    set {
      precondition(index >= 0 && index < count, "Only values that were appended can be changed.")
      unsafe base[index] = newValue
    }
  }
}
