// One decoded header block: names and values as HPACK gave them, not judged yet.

import Bytes

/// The fields of one HEADERS frame with its CONTINUATION frames, in order.
///
/// It is used again and again: see `HTTP2Session.recycle`.
public final class HeaderBlock {
  public struct Field: BitwiseCopyable, Sendable {
    let start: UInt32
    let nameCount: UInt32
    let valueCount: UInt32
    /// Whether the sender asked that the field is never put into a table: RFC 7541 section 7.1.3.
    public let isSensitive: Bool

    public var name: Range<Int> { Int(start)..<Int(start) + Int(nameCount) }
    public var value: Range<Int> { name.upperBound..<name.upperBound + Int(valueCount) }
  }

  /// Bytes and fields of most heads; larger ones move to larger blocks.
  private static let usualBytes = 1024
  private static let usualFields = 32

  private var storage = Buffer(capacity: usualBytes)
  private var list = FixedList<Field>(capacity: usualFields)
  private var hasLeftOut = false
  /// Fields and bytes that were decoded, those that were left out included.
  private(set) var decodedCount = 0
  private(set) var decodedBytes = 0

  public init() {}

  public var fields: FixedList<Field> { list }
  /// Whether fields were left out, since there were more than the settings allow.
  public var isOverfull: Bool { hasLeftOut }

  @_lifetime(borrow self)
  public func text(_ range: Range<Int>) -> Span<UInt8> {
    // The block is held by whoever reads it, and written only between two readers.
    unsafe _overrideLifetime(storage.unsafeBytes(range), borrowing: self)
  }

  /// Bytes of all names and values that were kept.
  public var byteCount: Int { storage.count }

  /// Keeps a field, or notes that there are more than the settings allow.
  public func append(
    name: Span<UInt8>, value: Span<UInt8>, isSensitive: Bool, within settings: HTTP2Settings
  ) {
    let count = name.count + value.count
    decodedCount += 1
    decodedBytes += count
    guard decodedCount <= settings.fieldsMax, decodedBytes <= settings.headBytesMax else {
      hasLeftOut = true
      return
    }
    if storage.freeCount < count { growText(by: count) }
    let field = Field(
      start: UInt32(storage.count), nameCount: UInt32(name.count),
      valueCount: UInt32(value.count), isSensitive: isSensitive)
    let isKept = storage.append(name) && storage.append(value)
    precondition(isKept, "The room for a field was made.")
    if !list.append(field) { growList(with: field) }
  }

  private func growText(by count: Int) {
    let larger = Buffer(capacity: max(storage.count + count, storage.capacity * 2))
    let isMoved = larger.append(storage.bytes)
    precondition(isMoved, "A larger block holds what a smaller one held.")
    storage = larger
  }

  private func growList(with field: Field) {
    let larger = FixedList<Field>(capacity: list.capacity * 2)
    for known in list { _ = larger.append(known) }
    _ = larger.append(field)
    list = larger
  }

  func clear() {
    storage.clear()
    list.removeAll()
    hasLeftOut = false
    decodedCount = 0
    decodedBytes = 0
  }

  /// Whether it is worth keeping: one that grew for a large head is not.
  var isSmall: Bool { storage.capacity <= 8 * 1024 && list.capacity <= 128 }
}
