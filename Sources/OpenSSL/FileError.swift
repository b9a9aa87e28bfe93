// Why a file could not be read or written. Not a socket's error: Engine has its own.

import Glibc

/// A failed call of the operating system on a file.
package struct FileError: Error, Equatable, Sendable {
  package let number: Int32

  package init(number: Int32) { self.number = number }

  /// The system's words for the number.
  package var text: String { unsafe String(cString: strerror(number)) }
}
