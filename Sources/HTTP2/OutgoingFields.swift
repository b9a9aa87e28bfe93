// The fields of a head to be sent: gathered in one block, with names in lower case (RFC 9113
// section 8.2.1), and handed to nghttp2.

import Bytes
import CNGHTTP2

/// Fields in the making. One per worker, cleared for each head.
@safe public final class OutgoingFields {
  /// Whether the encoder may put a field into its table.
  public enum Indexing: Sendable {
    /// The same for many messages: the table makes it one byte.
    case indexed
    /// Of this message only: in the table it would push out what is of use.
    case literal
    /// A secret, which stays out of all tables on the way: RFC 7541 section 7.1.3.
    case sensitive
  }

  /// Where a field stands in the text. It is an offset, since the text moves when it grows.
  private struct Entry: BitwiseCopyable {
    var name: UInt32
    var nameCount: UInt32
    var value: UInt32
    var valueCount: UInt32
    var flags: UInt8
  }

  private struct Content: ~Copyable {
    var text = Output(capacity: 4096)
    var entries: [Entry] = []
  }

  /// Lent out once for each field, not once for each of its parts.
  private let content = Lent(Content())
  private let vectors = unsafe Lent<[nghttp2_nv]>([])

  public init() {
    content { $0.entries.reserveCapacity(64) }
    unsafe vectors { unsafe $0.reserveCapacity(64) }
  }

  public var count: Int { content { $0.entries.count } }

  public func clear() {
    content { content in
      content.text.clear()
      content.entries.removeAll(keepingCapacity: true)
    }
  }

  public func append(name: Span<UInt8>, value: Span<UInt8>, _ indexing: Indexing) {
    content { content in
      let start = content.text.count
      content.text.reserve(name.count + value.count)
      content.text.append(name)
      content.text.lowercase(start..<start + name.count)
      content.text.append(value)
      content.entries.append(
        Entry(
          name: UInt32(start), nameCount: UInt32(name.count), value: UInt32(start + name.count),
          valueCount: UInt32(value.count), flags: Self.flags(indexing)))
    }
  }

  /// Appends lines that were rendered together: their text is copied in one run.
  ///
  /// - Parameter isLowerCase: whether all of their names are.
  public func append(
    lines: Span<UInt8>, count: Int, isLowerCase: Bool, _ indexing: Indexing,
    line: (Int) -> (name: Range<Int>, value: Range<Int>)
  ) {
    let flags = Self.flags(indexing)
    content { content in
      let start = content.text.count
      content.text.append(lines)
      for index in 0..<count {
        let (name, value) = line(index)
        precondition(
          name.upperBound <= lines.count && value.upperBound <= lines.count,
          "A line stands in its text.")
        let nameStart = start + name.lowerBound
        if !isLowerCase { content.text.lowercase(nameStart..<start + name.upperBound) }
        content.entries.append(
          Entry(
            name: UInt32(nameStart), nameCount: UInt32(name.count),
            value: UInt32(start + value.lowerBound), valueCount: UInt32(value.count), flags: flags))
      }
    }
  }

  public func append(_ name: StaticString, number: UInt64, _ indexing: Indexing) {
    content { content in
      let start = content.text.count
      content.text.append(name)
      let valueStart = content.text.count
      content.text.append(decimal: number)
      content.entries.append(
        Entry(
          name: UInt32(start), nameCount: UInt32(valueStart - start), value: UInt32(valueStart),
          valueCount: UInt32(content.text.count - valueStart), flags: Self.flags(indexing)))
    }
  }

  private static func flags(_ indexing: Indexing) -> UInt8 {
    // nghttp2 marks what is not indexed as never to be indexed, which only costs others a look-up.
    let flags = indexing == .indexed ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX
    return UInt8(truncatingIfNeeded: flags.rawValue)
  }

  /// Whether nghttp2 copies the text.
  enum Copying {
    case copied
    /// It need not: it has framed all of it before `body` returns.
    case framedAtOnce
  }

  /// The fields in nghttp2's form, valid during `body`.
  func withVectors<R>(
    _ copying: Copying, _ body: (UnsafePointer<nghttp2_nv>?, Int) -> R
  ) -> R {
    let kept =
      copying == .copied
      ? 0 : NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue
    return unsafe vectors { vectors in
      unsafe vectors.removeAll(keepingCapacity: true)
      return content { content in
        unsafe content.text.withUnsafeBytes { bytes in
          // nghttp2 declares both pointers mutable and only reads through them.
          guard let memory = bytes.baseAddress else { return }
          let base = unsafe UnsafeMutableRawPointer(mutating: memory)
            .assumingMemoryBound(to: UInt8.self)
          for entry in content.entries {
            unsafe vectors.append(
              nghttp2_nv(
                name: base + Int(entry.name), value: base + Int(entry.value),
                namelen: Int(entry.nameCount), valuelen: Int(entry.valueCount),
                flags: entry.flags | UInt8(truncatingIfNeeded: kept)))
          }
        }
        return unsafe vectors.withUnsafeBufferPointer { list in
          unsafe body(list.baseAddress, list.count)
        }
      }
    }
  }
}
