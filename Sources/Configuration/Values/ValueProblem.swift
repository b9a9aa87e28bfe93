// Why a value was refused, before the place and the property's name are added.

/// A value that its type does not take.
package struct ValueProblem: Error, Sendable, Hashable {
  /// Completes "`max` takes ...": what was wrong, as a clause; nil when the type's noun says
  /// enough.
  package let reason: String?
  /// A hint for the caret line, such as "write 1MiB".
  package let hint: String?

  /// Whether the language has the value and this version does not.
  package let isLater: Bool

  package init(_ reason: String? = nil, hint: String? = nil) {
    self.reason = reason
    self.hint = hint
    isLater = false
  }

  private init(isLater: Bool) {
    reason = "has a value that is not in this version"
    hint = nil
    self.isLater = isLater
  }

  /// A value that a later version takes: refused as E0109, never ignored.
  package static let notInThisVersion = ValueProblem(isLater: true)
}
