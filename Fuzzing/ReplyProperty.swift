// Whatever a Redis sends: pieces read as the whole does, and what is no reply ends the reading.
import Bytes
import RESP

enum ReplyProperty {
  private struct Reading: Equatable {
    var replies: [Reply] = []
    var isRefused = false
  }

  static func check(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    let whole = read(bytes, step: bytes.count)
    // A reader may refuse a whole at once where its first pieces still held replies.
    guard !whole.isRefused else {
      _ = read(bytes, step: 1)
      return
    }
    precondition(read(bytes, step: 1) == whole, "Pieces read otherwise than the whole.")
  }

  private static func read(_ bytes: [UInt8], step: Int) -> Reading {
    var reading = Reading()
    do throws(ReplyError) {
      let reader = try ReplyReader()
      var start = 0
      while start < bytes.count {
        let end = min(bytes.count, start + step)
        try reader.feed(bytes.span.extracting(start..<end))
        while let reply = try reader.next() { reading.replies.append(reply) }
        start = end
      }
    } catch { reading.isRefused = true }
    return reading
  }
}
