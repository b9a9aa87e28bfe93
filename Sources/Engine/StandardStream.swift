// The streams that a process starts with. They may block: for commands and for what is said before
// and after serving, never on a worker.

import Glibc

/// Standard input, output and error.
public enum StandardStream: Int32 {
  case input = 0
  case output = 1
  case error = 2

  /// Whether a person is likely to look at it.
  public var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Writes all of the text. Throws when the stream is closed or its device is full.
  public func write(_ text: String) throws(SystemError) {
    let bytes = Array(text.utf8)
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { raw in
        // The offset is below the count, which the loop keeps.
        unsafe Glibc.write(rawValue, raw.baseAddress?.advanced(by: offset), raw.count - offset)
      }
      if count > 0 {
        offset += count
      } else if errno == EAGAIN {
        // Whoever started the process may share a descriptor that does not block.
        var event = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&event, 1, -1)
      } else if errno != EINTR {
        throw SystemError("write")
      }
    }
  }

  /// Reads to the end. Throws `EFBIG` when more than `max` bytes come.
  public func readAll(max: Int) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      // The kernel writes at most the block's own count.
      let count = unsafe block.withUnsafeMutableBytes { raw in
        unsafe Glibc.read(rawValue, raw.baseAddress, raw.count)
      }
      if count == 0 { return bytes }
      if count > 0 {
        guard bytes.count + count <= max else { throw SystemError("read", code: EFBIG) }
        bytes.append(contentsOf: block[..<count])
      } else if errno == EAGAIN {
        var event = pollfd(fd: rawValue, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&event, 1, -1)
      } else if errno != EINTR {
        throw SystemError("read")
      }
    }
  }
}
