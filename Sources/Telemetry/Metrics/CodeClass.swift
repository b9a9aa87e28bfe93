// Status codes in the five classes of RFC 9110 section 15, and one for requests that got no answer.

package enum CodeClass: UInt8, Sendable, CaseIterable {
  case none, informational, successful, redirection, clientError, serverError

  package init(status: UInt16) {
    self = CodeClass(rawValue: UInt8(truncatingIfNeeded: status / 100)) ?? .none
  }

  var label: String { self == .none ? "none" : "\(rawValue)xx" }
}
