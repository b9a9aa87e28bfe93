// Why a value was refused, before the place and the property's name are added.

/// A value that its type does not take.
package struct ValueProblem: Error, Sendable, Hashable {
  /// Completes "`max` takes ...": what was wrong, as a clause; nil when the type's noun says enough.
  package let reason: String?
  /// A hint for the caret line, such as "write 1MiB".
  package let hint: String?

  package init(_ reason: String? = nil, hint: String? = nil) {
    self.reason = reason
    self.hint = hint
  }
}
