// Reads a small file whole, with a bound: certificates, keys and bundles of authorities.

import Glibc

package enum FileBytes {
  /// The file's bytes. Throws the system's error number, and EFBIG for a file of more than `max`
  /// bytes.
  package static func read(_ path: String, max: Int) throws(FileError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(number: errno) }
    defer { close(descriptor) }
    return try read(descriptor, max: max)
  }

  /// What is left of an open file.
  static func read(_ descriptor: Int32, max: Int) throws(FileError) -> [UInt8] {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      // The count is the block's own.
      let count = unsafe block.withUnsafeMutableBytes { raw in
        unsafe Glibc.read(descriptor, raw.baseAddress, raw.count)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(number: errno)
      }
      if count == 0 { return bytes }
      guard bytes.count + count <= max else { throw FileError(number: EFBIG) }
      bytes.append(contentsOf: block[..<count])
    }
  }
}
