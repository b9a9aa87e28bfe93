// An independent reader of request heads: slow, plain, and strict about every byte. What the
// gateway sends upstream is judged by it and not by the gateway's own parser.

/// A request head as an origin reads it.
struct StrictRequest: Equatable {
  var method = ""
  var path = ""
  /// Behind the question mark; nil when there is none.
  var query: String?
  /// Names in lower case.
  var fields: [(name: String, value: String)] = []

  static func == (a: StrictRequest, b: StrictRequest) -> Bool {
    a.method == b.method && a.path == b.path && a.query == b.query
      && a.fields.elementsEqual(b.fields) { $0 == $1 }
  }

  func values(of name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  /// Why the bytes are no request head.
  struct Refusal: Error {
    let why: String
    init(_ why: String) { self.why = why }
  }

  /// Reads a head and nothing behind it.
  init(reading bytes: [UInt8]) throws(Refusal) {
    var lines = try Self.lines(of: bytes)
    guard !lines.isEmpty else { throw Refusal("no request line") }
    try readRequestLine(lines.removeFirst())
    for line in lines { fields.append(try Self.field(line)) }
    guard values(of: "host").count == 1 else { throw Refusal("not one Host") }
    let lengths = values(of: "content-length")
    let codings = values(of: "transfer-encoding")
    guard lengths.count + codings.count <= 1 else { throw Refusal("framed twice") }
    guard lengths.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }),
      codings.allSatisfy({ $0 == "chunked" })
    else { throw Refusal("odd framing") }
  }

  /// Lines between CR LF; the last one must be empty and end the bytes.
  private static func lines(of bytes: [UInt8]) throws(Refusal) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var line: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 13 {
        guard index + 1 < bytes.count, bytes[index + 1] == 10 else { throw Refusal("bare CR") }
        index += 2
        if line.isEmpty {
          guard index == bytes.count else { throw Refusal("bytes behind the head") }
          return lines
        }
        lines.append(line)
        line = []
        continue
      }
      guard byte == 9 || byte >= 32 && byte != 127 else { throw Refusal("control byte \(byte)") }
      line.append(byte)
      index += 1
    }
    throw Refusal("no end")
  }

  private mutating func readRequestLine(_ line: [UInt8]) throws(Refusal) {
    let parts = line.split(separator: 32, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[2].elementsEqual("HTTP/1.1".utf8) else {
      throw Refusal("request line")
    }
    guard !parts[0].isEmpty, parts[0].allSatisfy(Self.isToken) else { throw Refusal("method") }
    let target = parts[1]
    guard target.first == 47 || target.elementsEqual([42]) else { throw Refusal("target") }
    // Browsers send a backslash in a query as it is; in a path some origins take it for a slash.
    let mark = target.firstIndex(of: 63) ?? target.endIndex
    let isPlain = target.allSatisfy { $0 > 32 && $0 < 127 && $0 != 35 }
    guard isPlain, !target[..<mark].contains(92) else {
      throw Refusal("byte in target")
    }
    method = Self.text(parts[0])
    path = Self.text(target[..<mark])
    query = mark == target.endIndex ? nil : Self.text(target[target.index(after: mark)...])
  }

  private static func field(_ line: [UInt8]) throws(Refusal) -> (String, String) {
    guard let colon = line.firstIndex(of: 58), colon > 0 else { throw Refusal("no field name") }
    let name = line[..<colon]
    guard name.allSatisfy(isToken) else { throw Refusal("field name") }
    var value = line[(colon + 1)...]
    while let first = value.first, first == 32 || first == 9 { value = value.dropFirst() }
    while let last = value.last, last == 32 || last == 9 { value = value.dropLast() }
    return (text(name).lowercased(), text(value))
  }

  private static let tokenMarks = Set("!#$%&'*+-.^_`|~".utf8)

  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    default: tokenMarks.contains(byte)
    }
  }

  /// Each byte as one character, so that no two byte strings are the same text.
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(Unicode.Scalar(byte)) }
    return String(text)
  }
}
