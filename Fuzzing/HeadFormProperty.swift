// Whatever fields an HTTP/2 server answers with: as lines they are the fields that they were, no
// more and no fewer, or the head is refused.
import Bytes
import HTTP1
import HTTP2
import HTTPMessage

enum HeadFormProperty {
  /// Fields that one input makes at the most: the settings allow a hundred.
  private static let fieldsMax = 120

  static func check(_ bytes: [UInt8]) {
    let block = HeaderBlock()
    let count = fill(block, from: bytes)
    let text = Buffer(capacity: 64 * 1024)
    do throws(HTTP2FieldError) {
      try ResponseHeadForm.write(block, into: text)
    } catch { return }
    let lines = lineCount(text.bytes)
    precondition(lines == count + 1, "Each field is one line, and an empty one ends them.")
    let head = ResponseHead(fields: FieldSection(addedBytesMax: 64))
    var parser = ResponseParser(limits: .response)
    do throws(HTTP1Error) {
      let progress = try parser.parse(text, into: head, answering: .get)
      precondition(progress == .done, "A head that was written whole is read whole.")
      precondition(text.isEmpty, "Nothing stands behind a head.")
      precondition(head.fields.entries.count < count, "Every field but the status is one at most.")
    } catch { return }
  }

  /// Each field is a byte that counts its name, one that counts its value, and both texts.
  private static func fill(_ block: HeaderBlock, from bytes: [UInt8]) -> Int {
    var rest = bytes[...]
    var count = 0
    while rest.count >= 2, count < fieldsMax {
      let sizes = (Int(rest.removeFirst()), Int(rest.removeFirst()))
      let name = Array(rest.prefix(sizes.0))
      rest = rest.dropFirst(name.count)
      let value = Array(rest.prefix(sizes.1))
      rest = rest.dropFirst(value.count)
      block.append(
        name: name.span, value: value.span, isSensitive: false, within: HTTP2Settings())
      count += 1
    }
    return count
  }

  private static func lineCount(_ bytes: Span<UInt8>) -> Int {
    var count = 0
    for index in 0..<bytes.count where bytes[index] == ASCII.lineFeed {
      precondition(index > 0 && bytes[index - 1] == ASCII.carriageReturn, "A line ends with CR LF.")
      count += 1
    }
    return count
  }
}
