// Where log lines go: an inherited descriptor such as standard output, or a file that is opened
// here and can be opened again after a rotation. Only the writer's thread touches it once it runs.

import Bytes
import CLinux
import Glibc

/// An open output.
package struct LogDestination: ~Copyable, Sendable {
  private var descriptor: Int32
  /// Nil for an inherited descriptor, which is neither closed nor opened again.
  private let path: String?

  /// An open descriptor that stays its owner's: standard output, a pipe.
  package init(descriptor: Int32) {
    self.descriptor = descriptor
    path = nil
  }

  /// Opens the file for appending, and makes it when it is not there.
  package init(path: String) throws(LogFailure) {
    descriptor = try Self.openToAppend(path)
    self.path = path
  }

  deinit { if path != nil { _ = Glibc.close(descriptor) } }

  /// Opens the path once more. On an error the old file stays in use.
  mutating func reopen() throws(LogFailure) {
    guard let path else { return }
    let fresh = try Self.openToAppend(path)
    _ = Glibc.close(descriptor)
    descriptor = fresh
  }

  /// Writes the bytes whole, however many calls that takes. Returns how many got out; fewer than
  /// all with the error that ended it, or with none when `mayWait` said no while the output took
  /// nothing.
  func write(_ bytes: Span<UInt8>, mayWait: () -> Bool) -> (count: Int, error: LogFailure?) {
    var done = 0
    while done < bytes.count {
      let rest = bytes.extracting(done...)
      // The span is alive during the call, which reads no more than its count.
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count >= 0 {
        done += count
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        guard mayWait() else { return (done, nil) }
        waitUntilWritable()
      default: return (done, LogFailure("write", number: errno))
      }
    }
    return (done, nil)
  }

  /// Waits a tenth of a second at most, so that a stop is noticed.
  private func waitUntilWritable() {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    // One entry, on our stack, for the time of the call.
    _ = unsafe poll(&entry, 1, 100)
  }

  private static func openToAppend(_ path: String) throws(LogFailure) -> Int32 {
    // Group may read: log shippers run as another user of the same group.
    // The text of the path is alive during the call.
    let descriptor = unsafe Glibc.open(
      path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0o640)
    guard descriptor >= 0 else { throw LogFailure("open", number: errno) }
    return descriptor
  }
}
