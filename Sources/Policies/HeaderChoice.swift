// A header's value in the config: some text, or none at all.

import Configuration
import HTTPMessage

/// What a property such as `referrer-policy=` takes: a value, or `off`.
package enum HeaderChoice: Sendable, Hashable, CustomStringConvertible {
  case off
  case text(String)

  package var description: String {
    switch self {
    case .off: "off"
    case .text(let text): text
    }
  }

  /// The value in force where the profile says `usual`; nil for no header.
  static func value(_ choice: HeaderChoice?, usual: String?) -> String? {
    switch choice {
    case nil: usual
    case .off: nil
    case .text(let text): text
    }
  }
}

extension ValueType where Wrapped == HeaderChoice {
  /// A field value as RFC 9110 section 5.5 allows it, or `off`.
  static var headerChoice: ValueType {
    .described("a header's value, or off", words: ["off"], calls: []) {
      (text) throws(ValueProblem) in
      if text == "off" { return .off }
      guard !text.isEmpty, text.utf8.allSatisfy({ 0x20...0x7E ~= $0 }),
        FieldSyntax.isValue(text.utf8Span.span)
      else { throw ValueProblem("must be visible ASCII") }
      return .text(text)
    }
  }
}
