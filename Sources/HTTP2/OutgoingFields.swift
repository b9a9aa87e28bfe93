// The fields of a head to be sent: gathered in one block and handed to nghttp2, which copies them
// and makes their names lower-case (RFC 9113 section 8.2.1).

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

  private struct Entry: BitwiseCopyable {
    var start: Int
    var nameCount: Int
    var valueCount: Int
    var flags: UInt8
  }

  private var text = Output(capacity: 4096)
  private var entries: [Entry] = []
  private var vectors: [nghttp2_nv] = unsafe []

  public init() {
    entries.reserveCapacity(64)
    unsafe vectors.reserveCapacity(64)
  }

  public var count: Int { entries.count }

  public func clear() {
    text.clear()
    entries.removeAll(keepingCapacity: true)
  }

  public func append(name: Span<UInt8>, value: Span<UInt8>, _ indexing: Indexing) {
    let start = text.count
    text.append(name)
    text.append(value)
    note(start, nameCount: name.count, indexing)
  }

  public func append(_ name: StaticString, number: UInt64, _ indexing: Indexing) {
    let start = text.count
    text.append(name)
    text.append(decimal: number)
    note(start, nameCount: name.utf8CodeUnitCount, indexing)
  }

  private func note(_ start: Int, nameCount: Int, _ indexing: Indexing) {
    // nghttp2 marks what is not indexed as never to be indexed, which only costs others a look-up.
    let flags = indexing == .indexed ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX
    entries.append(
      Entry(
        start: start, nameCount: nameCount, valueCount: text.count - start - nameCount,
        flags: UInt8(truncatingIfNeeded: flags.rawValue)))
  }

  /// The fields in nghttp2's form, valid during `body`.
  func withVectors<R>(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> R) -> R {
    unsafe text.withUnsafeBytes { bytes in
      // nghttp2 declares both pointers mutable and only reads through them.
      let base = unsafe bytes.baseAddress.map {
        unsafe UnsafeMutableRawPointer(mutating: $0).assumingMemoryBound(to: UInt8.self)
      }
      unsafe vectors.removeAll(keepingCapacity: true)
      for entry in entries {
        guard let start = unsafe base.map({ unsafe $0 + entry.start }) else { continue }
        unsafe vectors.append(
          nghttp2_nv(
            name: start, value: start + entry.nameCount, namelen: entry.nameCount,
            valuelen: entry.valueCount, flags: entry.flags))
      }
      return unsafe vectors.withUnsafeBufferPointer { list in
        unsafe body(list.baseAddress, list.count)
      }
    }
  }
}
