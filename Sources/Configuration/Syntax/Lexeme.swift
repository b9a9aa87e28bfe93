// Lexemes: what the parser and the formatter read. Types play no part here, and neither do
// directives.

/// The smallest pieces of a file.
struct Lexeme: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    /// A run without blank and without [ ] ( ) " , ; : a word, or a property up to its value.
    case run
    case string
    /// A string without its closing quote, up to the end of the line.
    case unclosedString
    case openList, closeList, openCall, closeCall, comma, semicolon
    case openBlock, closeBlock
    case comment
    case newline
    case end
  }

  let kind: Kind
  let range: Range<Int>
  /// Whether a blank, a line start or an opening bracket stands in front.
  let isSpaced: Bool
}
