// Field names as the config writes them. RFC 9110 section 5.1: a token; sluice writes them in lower
// case.

/// A field name, in lower case.
package struct HeaderName: Sendable, Hashable, CustomStringConvertible {
  package let lowercased: String

  package init(parsing text: String) throws(ValueProblem) {
    guard !text.isEmpty, text.utf8.count <= 128, text.utf8.allSatisfy(HeaderName.isToken) else {
      throw ValueProblem()
    }
    guard text == text.lowercased() else {
      throw ValueProblem(hint: "write \(text.lowercased())")
    }
    lowercased = text
  }

  /// RFC 9110 section 5.6.2, `tchar`.
  static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    case 33, 35, 36, 37, 38, 39, 42, 43, 45, 46, 94, 95, 96, 124, 126: true
    default: false
    }
  }

  package var description: String { lowercased }
}
