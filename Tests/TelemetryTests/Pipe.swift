// A pipe whose reading end the test holds: a log output that can be slow, full or gone.

import Glibc

final class Pipe {
  let writer: Int32
  private var reader: Int32

  /// - Parameter isBlocking: whether a write to a full pipe waits in the kernel.
  init(isBlocking: Bool) {
    var ends: [Int32] = [0, 0]
    let result = unsafe pipe(&ends)
    precondition(result == 0, "The system has pipes.")
    (reader, writer) = (ends[0], ends[1])
    // One page: the smallest that a pipe can be, so that it fills quickly.
    _ = fcntl(writer, 1031, 4096)
    if !isBlocking { _ = fcntl(writer, F_SETFL, O_NONBLOCK) }
  }

  deinit {
    closeReader()
    _ = close(writer)
  }

  func closeReader() {
    if reader >= 0 { _ = close(reader) }
    reader = -1
  }

  /// Reads until `count` bytes came, or none for five seconds: a test that waits in vain fails and
  /// does not hang.
  func read(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while bytes.count < count {
      var entry = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
      let isReady = unsafe poll(&entry, 1, 5000) == 1
      guard isReady else { break }
      let got = unsafe Glibc.read(reader, &chunk, min(chunk.count, count - bytes.count))
      guard got > 0 else { break }
      bytes.append(contentsOf: chunk[0..<got])
    }
    return bytes
  }
}
