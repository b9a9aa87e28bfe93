// A request as plain text, for tests, and the canonical request made of it.

import Bytes
import HTTPMessage

struct AskedRequest: CustomStringConvertible {
  var method = "GET"
  var host = "example"
  var path = "/"
  var query: String?
  var fields: [(name: String, value: String)] = []

  var description: String {
    let fields = fields.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
    return "\(method) \(host) \(path)\(query.map { "?" + $0 } ?? "") [\(fields)]"
  }

  /// Lays the texts out in a block as a codec would.
  func canonical() -> Request {
    let section = FieldSection(addedBytesMax: 64)
    let request = Request(fields: section)
    let block = Buffer(capacity: 64 * 1024)
    func keep(_ text: String) -> TextRange {
      let range = TextRange(start: block.end, count: text.utf8.count)
      precondition(block.append(Array(text.utf8).span), "A test request fits its block.")
      return range
    }
    request.methodText = keep(method)
    request.method = Method.allCases.first { "\($0.name)" == method } ?? .other
    request.host = keep(host)
    request.path = keep(path)
    request.query = query.map(keep)
    for (name, value) in fields {
      let start = block.end
      _ = keep("\(name): \(value)\r\n")
      let entry = FieldEntry(
        start: start, nameCount: name.utf8.count, valueOffset: name.utf8.count + 2,
        valueCount: value.utf8.count, lineCount: block.end - start, field: Self.known(name),
        isAdded: false)
      precondition(section.appendReceived(entry), "A test request has few fields.")
    }
    section.attach(block)
    return request
  }

  private static func known(_ name: String) -> KnownField {
    switch name.lowercased() {
    case "cookie": .cookie
    case "origin": .origin
    case "access-control-request-method": .accessControlRequestMethod
    default: .other
    }
  }
}
