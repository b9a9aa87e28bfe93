// What the system said when a call failed.

import Glibc

/// A failed system call: which one, and its error number.
public struct SystemError: Error, Equatable, Sendable {
  public let call: StaticString
  public let code: Int32

  public init(_ call: StaticString, code: Int32 = errno) {
    self.call = call
    self.code = code
  }

  public static func == (a: Self, b: Self) -> Bool { a.code == b.code }

  /// The system's own sentence for the error number.
  public var message: String {
    // strerror answers for every number, if only "Unknown error".
    unsafe String(cString: strerror(code))
  }
}

extension SystemError: CustomStringConvertible {
  public var description: String { "\(call): \(message)" }
}
