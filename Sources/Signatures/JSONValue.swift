// JSON as tokens and key sets carry it, read strictly and within bounds: RFC 8259, and RFC 8725
// section 2.4 for what lenient readers cost.

/// A JSON text.
package indirect enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// The number as it was written: nothing is lost, and nothing is computed from a stranger's
  /// exponent.
  case number(String)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  /// A member of an object.
  package subscript(name: String) -> JSONValue? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  package var text: String? {
    if case .text(let text) = self { text } else { nil }
  }

  /// Whether it is this text, byte for byte. Swift's own `==` takes two spellings of one character
  /// for equal, which RFC 7515 section 5.3 forbids.
  package func isText(_ wanted: [UInt8]) -> Bool {
    text.map { $0.utf8.elementsEqual(wanted) } ?? false
  }

  /// The whole seconds of a NumericDate from 0 to 2^53 - 1: digits, and perhaps a fraction, which
  /// is left off. RFC 7519 section 2 allows an exponent too, but no issuer writes one.
  package var wholeSeconds: UInt64? {
    guard case .number(let text) = self else { return nil }
    // The reader has seen to it that digits stand on both sides of a point.
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.allSatisfy({ $0.utf8.allSatisfy { 48...57 ~= $0 } }), let whole = parts.first,
      let number = UInt64(whole), number < 1 << 53
    else { return nil }
    return number
  }
}

/// Why a text is no JSON that is taken here.
package enum JSONError: Error, Equatable {
  case syntax, tooDeep, numberTooLong, duplicateMember, notUTF8
}
