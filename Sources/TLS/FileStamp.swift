// What a file looked like when it was read: enough to notice a new content, a rename over it and a
// symlink that now leads elsewhere, without reading it again.

import Glibc
import OpenSSL

/// Device, inode, size and time of change of the file that a path leads to.
package struct FileStamp: Equatable, Sendable {
  private let device: UInt64
  private let inode: UInt64
  private let size: Int
  private let seconds: Int
  private let nanoseconds: Int

  /// Follows symlinks, so a link that was turned to another file gives another stamp.
  package init(path: String) throws(FileError) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw FileError(number: errno) }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int(status.st_size)
    seconds = status.st_mtim.tv_sec
    nanoseconds = status.st_mtim.tv_nsec
  }
}
