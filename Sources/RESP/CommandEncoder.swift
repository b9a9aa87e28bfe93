// Commands as Redis reads them: arrays of bulk strings. They are appended to the output of a whole
// turn, which hiredis' formatter could not do without a copy of each.

import Bytes

/// Writes one command after the other into an output.
package enum CommandEncoder {
  /// Begins a command of so many words, its name included.
  package static func begin(words: Int, into output: inout Output) {
    output.append(UInt8(ascii: "*"))
    output.append(decimal: UInt64(words))
    output.append("\r\n")
  }

  package static func append(_ word: Span<UInt8>, to output: inout Output) {
    output.append(UInt8(ascii: "$"))
    output.append(decimal: UInt64(word.count))
    output.append("\r\n")
    output.append(word)
    output.append("\r\n")
  }

  package static func append(_ word: StaticString, to output: inout Output) {
    append(word.bytes, to: &output)
  }

  package static func append(decimal number: UInt64, to output: inout Output) {
    var digits = Output(capacity: 20)
    digits.append(decimal: number)
    append(digits.bytes, to: &output)
  }
}
