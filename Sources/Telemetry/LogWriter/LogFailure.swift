// What the system said when the log could not be opened or written.

import Glibc

/// A failed system call: which one, and its error number.
package struct LogFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package let call: String
  package let number: Int32

  package init(_ call: String, number: Int32) {
    self.call = call
    self.number = number
  }

  package var description: String {
    // strerror answers for every number, if only "Unknown error"; the text is copied at once.
    unsafe "\(call): \(String(cString: strerror(number)))"
  }
}
