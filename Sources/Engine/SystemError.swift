// What the system said when a call failed.

import Glibc

/// A failed system call: which one, and its error number.
package struct SystemError: Error, Equatable, Sendable {
  package let call: StaticString
  package let code: Int32

  package init(_ call: StaticString, code: Int32 = errno) {
    self.call = call
    self.code = code
  }

  package static func == (a: Self, b: Self) -> Bool { a.code == b.code }

  /// The system's own sentence for the error number.
  package var message: String {
    // strerror answers for every number, if only "Unknown error".
    unsafe String(cString: strerror(code))
  }
}

extension SystemError: CustomStringConvertible {
  package var description: String { "\(call): \(message)" }
}
