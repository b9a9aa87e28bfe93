// Replacing what a file holds, as `sluice fmt` does: the file keeps its mode, and a link stays a
// link.

import Glibc

extension AtomicFile {
  /// Replaces the contents of a file that exists, whole or not at all. Throws the system's error
  /// number.
  package static func replaceContents(of path: String, with bytes: [UInt8]) throws(FileError) {
    guard let resolved = unsafe realpath(path, nil) else { throw FileError(number: errno) }
    // realpath allocates its answer with malloc.
    defer { unsafe free(resolved) }
    var status = stat()
    guard unsafe stat(resolved, &status) == 0 else { throw FileError(number: errno) }
    // Where the file may not be written, replacing it by way of its folder would be a surprise.
    guard unsafe access(resolved, W_OK) == 0 else { throw FileError(number: errno) }
    try write(bytes, to: unsafe String(cString: resolved), mode: status.st_mode & 0o7777)
  }
}
