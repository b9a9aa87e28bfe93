// Writes a file whole or not at all, with its mode from the first byte on.

import COpenSSL
import Glibc

package enum AtomicFile {
  /// Writes beside the target under a name that did not exist, makes it durable, and renames it
  /// into place: a reader sees the old file or the new one, and a key is never readable by others
  /// for a moment. Throws the system's error number.
  package static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(FileError) {
    let draft = "\(path).\(getpid()).new"
    let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw FileError(number: errno) }
    var failure: Int32 = 0
    if !writeAll(bytes, to: descriptor) || fchmod(descriptor, mode) != 0 || fsync(descriptor) != 0 {
      failure = errno
    }
    if close(descriptor) != 0, failure == 0 { failure = errno }
    if failure == 0, unsafe rename(draft, path) != 0 { failure = errno }
    guard failure == 0 else {
      unsafe unlink(draft)
      throw FileError(number: failure)
    }
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { raw in
        // The offset is below the count, which the loop keeps.
        unsafe Glibc.write(descriptor, raw.baseAddress?.advanced(by: offset), raw.count - offset)
      }
      if written < 0 {
        if errno == EINTR { continue }
        return false
      }
      offset += written
    }
    return true
  }
}

/// A failed call of the operating system.
package struct FileError: Error, Equatable, Sendable {
  package let number: Int32

  package init(number: Int32) { self.number = number }

  /// The system's words for the number.
  package var text: String { unsafe String(cString: strerror(number)) }

  package var isMissingFile: Bool { number == ENOENT }
}
