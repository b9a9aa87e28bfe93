// Names in DNS messages. A pointer may only point to before the name that it is part of, and so do
// all that follow it: therefore every jump goes to the front, and no message can make the reader
// run in circles. RFC 1035 section 4.1.4.

import Bytes

/// A name as its labels in lower case, each behind its length; empty for the root.
struct DNSName: Hashable {
  /// Bytes of a name with all lengths and the root's zero. RFC 1035 section 3.1.
  private static let bytesMax = 255

  private(set) var bytes: [UInt8] = []

  /// Reads the name at `offset`, which moves behind it.
  init(_ message: borrowing Span<UInt8>, at offset: inout Int) throws(DNSAnswerError) {
    var index = offset
    var end: Int?
    // Pointers have to go below this, which only shrinks.
    var limit = offset
    while true {
      guard index < message.count else { throw .cutShort }
      let length = message[index]
      switch length >> 6 {
      case 0 where length == 0:
        offset = end ?? index + 1
        return
      case 0:
        try append(message, index, count: Int(length))
        index += 1 + Int(length)
      case 3:
        guard index + 1 < message.count else { throw .cutShort }
        let target = Int(length & 0x3F) << 8 | Int(message[index + 1])
        guard target < limit else { throw .badName }
        if end == nil { end = index + 2 }
        limit = target
        index = target
      default:
        throw .badName
      }
    }
  }

  private mutating func append(
    _ message: borrowing Span<UInt8>, _ index: Int, count: Int
  ) throws(DNSAnswerError) {
    guard index + 1 + count <= message.count else { throw .cutShort }
    // One byte is kept for the root.
    guard bytes.count + 1 + count < Self.bytesMax else { throw .badName }
    bytes.append(UInt8(truncatingIfNeeded: count))
    for position in index + 1..<index + 1 + count {
      bytes.append(ASCII.lowercase(message[position]))
    }
  }
}
