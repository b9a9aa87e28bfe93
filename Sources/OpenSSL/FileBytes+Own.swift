// Files that this program wrote itself, and that nobody else may have written.

import Glibc

extension FileBytes {
  /// The bytes of a file, and when it was written, in milliseconds since 1970. Throws EPERM for
  /// what is no plain file, belongs to another user, or may be written by others.
  package static func readOwn(
    _ path: String, max: Int
  ) throws(FileError) -> (bytes: [UInt8], time: UInt64) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(number: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw FileError(number: errno) }
    let mayBeForeign = status.st_mode & (S_IWGRP | S_IWOTH) != 0
    guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(), !mayBeForeign else {
      throw FileError(number: EPERM)
    }
    let time = UInt64(clamping: status.st_mtim.tv_sec) * 1000
    return (try read(descriptor, max: max), time)
  }
}
