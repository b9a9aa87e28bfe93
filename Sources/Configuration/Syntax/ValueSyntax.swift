// Values as written, before the schema gives them a type: `value = list | call | string | word`.

/// One value of the syntax tree.
package struct ValueSyntax: Sendable, Hashable {
  package enum Form: Sendable, Hashable {
    case word(String)
    case string(String)
    case list([ValueSyntax])
    case call(CallSyntax)
  }

  package let form: Form
  package let location: SourceLocation

  package init(_ form: Form, at location: SourceLocation) {
    self.form = form
    self.location = location
  }

  /// The text of a word or string; nil for a list or call.
  package var text: String? {
    switch form {
    case .word(let text), .string(let text): text
    case .list, .call: nil
    }
  }

  /// The value as an error message quotes it.
  package var quoted: String {
    switch form {
    case .word(let text): "'\(text)'"
    case .string(let text): "'\(text)'"
    case .list: "a list"
    case .call(let call): call.description
    }
  }
}

/// A typed value that is resolved after parsing: `env("X", "default")`, `file("path")`,
/// `secret("file:PATH")`.
package struct CallSyntax: Sendable, Hashable, CustomStringConvertible {
  package enum Function: String, Sendable, CaseIterable {
    case env, file, secret
  }

  package let function: Function
  package let arguments: [String]

  package init(_ function: Function, _ arguments: [String]) {
    self.function = function
    self.arguments = arguments
  }

  package var description: String {
    if function == .secret { return "<secret \(arguments.first ?? "")>" }
    return "\(function.rawValue)(\(arguments.map { "\"\($0)\"" }.joined(separator: ", ")))"
  }
}
