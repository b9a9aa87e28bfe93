// Field lines that are rendered once, when a configuration is compiled, and sent with many
// messages.

import Bytes

/// Complete field lines, each with its CR LF, whose syntax was checked when they were added.
public struct FieldBlock: Sendable {
  /// Where the name and the value of one line stand in `bytes`.
  public struct Line: Sendable {
    public let name: Range<Int>
    public let value: Range<Int>
  }

  public private(set) var bytes: [UInt8] = []
  public private(set) var lines: [Line] = []
  /// Whether every name is in lower case already, as HTTP/2 wants them.
  public private(set) var isLowerCase = true
  /// The known fields among the lines; those of a message are removed before the block is sent.
  public private(set) var fields = KnownFieldSet()

  public init() {}

  /// Appends a line. Returns false, and appends nothing, when name or value are not what a field
  /// may hold.
  public mutating func add(name: Span<UInt8>, value: Span<UInt8>) -> Bool {
    guard FieldSyntax.isName(name), FieldSyntax.isValue(value) else { return false }
    let start = bytes.count
    let valueStart = start + name.count + 2
    lines.append(
      Line(name: start..<start + name.count, value: valueStart..<valueStart + value.count))
    for index in 0..<name.count where !ByteSet.lowerCaseToken.contains(name[index]) {
      isLowerCase = false
    }
    bytes += name.array
    bytes += [0x3A, ASCII.space]
    bytes += value.array
    bytes += [ASCII.carriageReturn, ASCII.lineFeed]
    fields.insert(KnownField(name: name))
    return true
  }
}
