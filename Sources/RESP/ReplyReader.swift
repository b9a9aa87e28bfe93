// Reads replies with hiredis' reader. A server is not trusted: nesting, the number of values and
// their bytes have bounds, and what breaks the protocol ends the connection.

import Bytes
import CHiredis

/// The bytes of one connection, as replies. Not `Sendable`.
@safe package final class ReplyReader {
  /// Values of one reply: a script tells three numbers for each of a few buckets.
  package static let valuesMax = 256
  /// Bytes of one reply, and of what may be read ahead of it.
  package static let bytesMax = 64 * 1024

  private let reader: UnsafeMutablePointer<ch_reader>

  package init() throws(ReplyError) {
    guard let reader = unsafe ch_reader_new(Int32(Self.valuesMax), Self.bytesMax) else {
      throw .outOfMemory
    }
    unsafe self.reader = reader
  }

  deinit { unsafe ch_reader_free(reader) }

  /// Takes bytes as they came. After an error nothing more is taken.
  package func feed(_ bytes: Span<UInt8>) throws(ReplyError) {
    // The bytes are copied during the call.
    let result = unsafe bytes.withUnsafeBytes { memory in
      unsafe ch_reader_feed(
        reader, memory.baseAddress?.assumingMemoryBound(to: CChar.self), memory.count)
    }
    guard result == 0 else { throw .malformed }
  }

  /// The next whole reply; nil when bytes are missing.
  package func next() throws(ReplyError) -> Reply? {
    switch unsafe ch_reader_next(reader) {
    case 1:
      var index = 0
      return try reply(at: &index)
    case 0: return nil
    default: throw .malformed
    }
  }

  /// The reply whose first node is at `index`, which moves behind its last one. The reader bounds
  /// the nesting.
  private func reply(at index: inout Int) throws(ReplyError) -> Reply {
    guard index < Int(unsafe reader.pointee.count) else { throw .malformed }
    // The index was checked against the nodes that are filled.
    let node = unsafe reader.pointee.nodes[index]
    index += 1
    switch node.type {
    case REDIS_REPLY_INTEGER: return .integer(node.integer)
    case REDIS_REPLY_NIL: return .null
    case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: return .text(text(node))
    case REDIS_REPLY_ERROR: return .error(text(node))
    case REDIS_REPLY_ARRAY:
      var items: [Reply] = []
      for _ in 0..<max(node.children, 0) { items.append(try reply(at: &index)) }
      return .array(items)
    default: throw .malformed
    }
  }

  private func text(_ node: ch_node) -> [UInt8] {
    // The shim filled these bytes of its block when it made the node.
    unsafe Array(
      UnsafeRawBufferPointer(start: reader.pointee.text + node.offset, count: node.length))
  }
}
