// The fields of one message: what was received, by offsets, and what Sluice added or removed. RFC
// 9110 section 5. Nothing is copied on the way through, and nothing is allocated once it is warm.

import Bytes

/// The header or trailer fields of one message.
///
/// Received lines stay in the buffer that the socket filled; added ones go to a fixed block of
/// `addedBytesMax` bytes. One per exchange, reused, on one worker.
public final class FieldSection {
  /// Fields that one message may carry, received and added. HARDENING: 100 received, and room for
  /// ours.
  public static let entriesMax = 160

  /// The block that received lines stand in, while they are in use.
  @usableFromInline let received = HeldBuffer()
  @usableFromInline let added: Buffer
  @usableFromInline let list: FixedList<FieldEntry>
  /// Lent and not in a `Cell`: it grows by a bit where it stands, and copying it for that would
  /// stall on the word that was just written.
  @usableFromInline let known = Lent(KnownFieldSet())

  /// All lines in order, removed ones included.
  public var entries: Entries { Entries(list: list) }
  /// Known fields that have at least one line which is not removed.
  @inlinable public var present: KnownFieldSet { known { $0 } }

  /// The lines of a section, to look at: they change with it.
  public struct Entries: RandomAccessCollection {
    @usableFromInline let list: FixedList<FieldEntry>
    @inlinable public var startIndex: Int { 0 }
    @inlinable public var endIndex: Int { list.count }
    @inlinable public subscript(index: Int) -> FieldEntry { list[index] }
  }

  /// - Parameter addedBytesMax: bytes of all fields that may be added to one message.
  public init(addedBytesMax: Int) {
    added = Buffer(capacity: addedBytesMax)
    list = FixedList(capacity: Self.entriesMax)
  }

  /// Forgets everything and returns the received block to its owner.
  @discardableResult
  public func reset() -> Buffer? {
    list.removeAll()
    known { $0 = KnownFieldSet() }
    added.clear()
    return received.take()
  }

  /// Forgets all lines and the received block, but not what was kept of other text: what a request
  /// line said stays readable when the lines behind it cannot be used.
  public func forgetLines() {
    list.removeAll()
    known { $0 = KnownFieldSet() }
    received.keep(nil)
  }

  /// Attaches the block that the following `appendReceived` offsets refer to.
  public func attach(_ buffer: Buffer) { received.keep(buffer) }

  /// Records a received line. Returns false when the section is full.
  public func appendReceived(_ entry: FieldEntry) -> Bool {
    guard list.append(entry) else { return false }
    known { $0.insert(entry.field) }
    return true
  }

  /// Moves the offsets of received lines by `distance`: their block was compacted or exchanged for
  /// another.
  public func moveReceived(by distance: Int) {
    for index in list.indices where !list[index].isAdded {
      list[index].start = UInt32(Int(list[index].start) + distance)
    }
  }

  /// Keeps text that is no field, such as a rewritten path, with the added bytes. Nil when it does
  /// not fit.
  public func keep(_ text: Span<UInt8>) -> TextRange? {
    let start = added.end
    guard added.append(text) else { return nil }
    return TextRange(start: start, count: text.count, isAdded: true)
  }

  /// Keeps text that `write` appends. Nil when it does not fit.
  @inlinable public func keep(write: (inout Output) -> Void) -> TextRange? {
    let start = added.end
    guard added.write(write) else { return nil }
    return TextRange(start: start, count: added.end - start, isAdded: true)
  }

  /// Marks every line of `field` as removed.
  public func remove(_ field: KnownField) {
    guard present.contains(field) else { return }
    for index in 0..<list.count where list[index].field == field { list[index].isRemoved = true }
    known { $0.remove(field) }
  }

  /// Marks every line whose field is in `fields` as removed: one pass, whatever their number.
  public func remove(_ fields: KnownFieldSet) {
    guard present.intersects(fields) else { return }
    for index in 0..<list.count where fields.contains(list[index].field) {
      list[index].isRemoved = true
    }
    known { $0.subtract(fields) }
  }

  /// Marks the line at `index` as removed.
  public func remove(at index: Int) {
    list[index].isRemoved = true
    let field = list[index].field
    if !list.contains(where: { $0.field == field && !$0.isRemoved }) {
      known { $0.remove(field) }
    }
  }

  /// Marks every line called `lowercasedName` as removed.
  public func removeAll(named lowercasedName: Span<UInt8>) {
    var from = 0
    while let index = first(named: lowercasedName, from: from) {
      remove(at: index)
      from = index + 1
    }
  }

  /// The index of the first line of `field` that is not removed.
  public func first(_ field: KnownField) -> Int? {
    guard present.contains(field) else { return nil }
    return list.firstIndex { $0.field == field && !$0.isRemoved }
  }

  /// The index of the first line called `lowercasedName`, at `from` or later, that is not removed.
  public func first(named lowercasedName: Span<UInt8>, from: Int = 0) -> Int? {
    var index = from
    while index < list.count {
      if !list[index].isRemoved, name(at: index).equalsIgnoringCase(lowercasedName) {
        return index
      }
      index += 1
    }
    return nil
  }

  /// Lines of `field` that are not removed.
  public func count(of field: KnownField) -> Int {
    guard present.contains(field) else { return 0 }
    return list.count { $0.field == field && !$0.isRemoved }
  }

  /// The name of the line at `index`, in the case in which it was sent.
  @_lifetime(borrow self)
  public func name(at index: Int) -> Span<UInt8> {
    text(list[index].name, isAdded: list[index].isAdded)
  }

  /// The value of the line at `index`, without blanks around it.
  @_lifetime(borrow self)
  public func value(at index: Int) -> Span<UInt8> {
    text(list[index].value, isAdded: list[index].isAdded)
  }

  /// The same for an owner of this section that holds it as long as the span lives.
  @unsafe @_lifetime(immortal) @inlinable
  public func unsafeText(_ range: TextRange) -> Span<UInt8> {
    unsafe _overrideLifetime(text(range.offsets, isAdded: range.isAdded), copying: ())
  }

  /// Text at absolute offsets of the received or the added bytes.
  @_lifetime(borrow self) @inlinable
  public func text(_ offsets: Range<Int>, isAdded: Bool) -> Span<UInt8> {
    if isAdded { return unsafe _overrideLifetime(added.unsafeBytes(offsets), borrowing: self) }
    // A request that was refused has no text and no block; the log still asks for it.
    if offsets.isEmpty { return Span() }
    // The section holds the block as long as the span may live: `reset` is no borrow of the span's
    // reader.
    return unsafe _overrideLifetime(received.unsafeBytes(offsets), borrowing: self)
  }

  @_lifetime(borrow self) @inlinable
  public func text(_ range: TextRange) -> Span<UInt8> {
    text(range.offsets, isAdded: range.isAdded)
  }
}
