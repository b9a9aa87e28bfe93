// Fields out of text that a policy keeps: a span of a stored property may not leave its access, but
// the owner of the text can be lent for a call.

import Bytes
import HTTPMessage
import PolicyChain

extension FieldSection {
  /// Adds a field under its registered name, with the value that `write` appends. Returns where the
  /// value stands; nil, and nothing is added, when it does not fit.
  @inline(__always)
  func add(_ field: KnownField, _ write: (inout Output) -> Void) -> TextRange? {
    add(field, name: field.name.bytes, write: write)
  }

  /// Adds a field under its registered name. Returns false, and adds nothing, when it does not fit.
  func add(_ field: KnownField, value: Span<UInt8>) -> Bool {
    add(field, name: field.name.bytes, value: value)
  }

  /// The index of the first line called `name`, in lower case, at `from` or later.
  func first(named name: [UInt8], from: Int) -> Int? { first(named: name.span, from: from) }

  func removeAll(named name: [UInt8]) { removeAll(named: name.span) }
}

extension Exchange {
  /// Adds a field to the response under its registered name.
  func add(_ field: KnownField, _ text: borrowing Output) {
    add(field, name: field.name.bytes, value: text.bytes)
  }

  /// Adds a field to the response under its registered name.
  func add(_ field: KnownField, _ text: [UInt8]) {
    add(field, name: field.name.bytes, value: text.span)
  }
}
