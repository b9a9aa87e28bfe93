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

  private var output = Output(capacity: 1024)
  public private(set) var fields: [Field] = []
  /// Whether fields were left out, since there were more than the settings allow.
  public private(set) var isOverfull = false
  /// Fields and bytes that were decoded, those that were left out included.
  private(set) var decodedCount = 0
  private(set) var decodedBytes = 0

  public init() {}

  @_lifetime(borrow self)
  public func text(_ range: Range<Int>) -> Span<UInt8> {
    // The block is held by whoever reads it, and written only between two readers.
    unsafe _overrideLifetime(output[range], borrowing: self)
  }

  /// Bytes of all names and values that were kept.
  public var byteCount: Int { output.count }

  func append(
    name: Span<UInt8>, value: Span<UInt8>, isSensitive: Bool, within settings: HTTP2Settings
  ) {
    let count = name.count + value.count
    decodedCount += 1
    decodedBytes += count
    guard decodedCount <= settings.fieldsMax, decodedBytes <= settings.headBytesMax else {
      isOverfull = true
      return
    }
    let start = UInt32(output.count)
    output.append(name)
    output.append(value)
    fields.append(
      Field(
        start: start, nameCount: UInt32(name.count), valueCount: UInt32(value.count),
        isSensitive: isSensitive))
  }

  func clear() {
    output.clear()
    fields.removeAll(keepingCapacity: true)
    isOverfull = false
    decodedCount = 0
    decodedBytes = 0
  }

  /// Whether it is worth keeping: one that grew for a large head is not.
  var isSmall: Bool { output.capacity <= 8 * 1024 && fields.capacity <= 128 }
}
