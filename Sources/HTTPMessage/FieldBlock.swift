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

  /// What a block holds: never changed, so that copies share one reference.
  private final class Storage: Sendable {
    let bytes: [UInt8]
    let lines: [Line]
    let fields: KnownFieldSet
    let isLowerCase: Bool

    init(bytes: [UInt8], lines: [Line], fields: KnownFieldSet, isLowerCase: Bool) {
      self.bytes = bytes
      self.lines = lines
      self.fields = fields
      self.isLowerCase = isLowerCase
    }
  }

  private var storage = Storage(
    bytes: [], lines: [], fields: KnownFieldSet(), isLowerCase: true)

  public var bytes: [UInt8] { storage.bytes }
  public var lines: [Line] { storage.lines }
  /// Whether every name is in lower case already, as HTTP/2 wants them.
  public var isLowerCase: Bool { storage.isLowerCase }
  /// The known fields among the lines; those of a message are removed before the block is sent.
  public var fields: KnownFieldSet { storage.fields }

  public init() {}

  /// Appends the lines to a message.
  public func append(to output: inout Output) { output.append(storage.bytes) }

  /// Appends a line. Returns false, and appends nothing, when name or value are not what a field
  /// may hold.
  public mutating func add(name: Span<UInt8>, value: Span<UInt8>) -> Bool {
    guard FieldSyntax.isName(name), FieldSyntax.isValue(value) else { return false }
    let start = bytes.count
    let valueStart = start + name.count + 2
    let line = Line(name: start..<start + name.count, value: valueStart..<valueStart + value.count)
    var fields = fields
    var isLowerCase = isLowerCase
    for index in 0..<name.count where !ByteSet.lowerCaseToken.contains(name[index]) {
      isLowerCase = false
    }
    fields.insert(KnownField(name: name))
    let text = name.array + [0x3A, ASCII.space] + value.array
    storage = Storage(
      bytes: bytes + text + [ASCII.carriageReturn, ASCII.lineFeed], lines: lines + [line],
      fields: fields, isLowerCase: isLowerCase)
    return true
  }
}
