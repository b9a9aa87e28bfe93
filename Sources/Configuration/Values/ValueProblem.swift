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
  /// The scalars of the text that are meant; nil for all of it.
  package let place: Range<Int>?

  package init(_ reason: String? = nil, hint: String? = nil, at place: Range<Int>? = nil) {
    self.init(reason, hint: hint, isLater: false, at: place)
  }

  private init(_ reason: String?, hint: String?, isLater: Bool, at place: Range<Int>?) {
    self.reason = reason
    self.hint = hint
    self.isLater = isLater
    self.place = place
  }

  /// The same problem of a part of the text.
  func at(_ place: Range<Int>) -> ValueProblem {
    ValueProblem(reason, hint: hint, isLater: isLater, at: place)
  }

  /// A value that a later version takes: refused as E0109, never ignored.
  package static let notInThisVersion = ValueProblem(
    "has a value that is not in this version", hint: nil, isLater: true, at: nil)
}
