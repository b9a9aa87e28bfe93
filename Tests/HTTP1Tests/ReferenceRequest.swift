// A second reader of requests, written apart from the parser and as plainly as possible: it splits
// text where the parser scans bytes. What both accept, they must read alike.

/// A request as an origin behind Sluice reads it, or nil when a strict origin would refuse it.
struct ReferenceRequest: Equatable {
  var method: String
  var path: String
  var host: String
  /// Bytes of the body, -1 for chunks.
  var bodyCount: Int
  var fields: [String]

  init?(_ bytes: [UInt8]) {
    // One character per byte, so that no byte is lost.
    let text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    let scalars = Array(text.unicodeScalars)
    guard scalars.count >= 4, scalars.suffix(4).map(\.value) == [13, 10, 13, 10] else { return nil }
    var lines: [String] = [""]
    var index = 0
    while index < scalars.count - 2 {
      if scalars[index].value == 13, scalars[index + 1].value == 10 {
        lines.append("")
        index += 2
        continue
      }
      guard scalars[index].value >= 32 || scalars[index].value == 9, scalars[index].value != 127
      else { return nil }
      lines[lines.count - 1].unicodeScalars.append(scalars[index])
      index += 1
    }
    guard lines.removeLast().isEmpty, !lines.contains("") else { return nil }
    let start = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false)
    guard start.count == 3, start[2] == "HTTP/1.1" else { return nil }
    method = String(start[0])
    path = String(start[1].split(separator: "?", omittingEmptySubsequences: false)[0])
    guard path.hasPrefix("/") || path == "*" else { return nil }
    fields = []
    var values: [String: [String]] = [:]
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let name = line[..<colon].lowercased()
      guard !name.isEmpty, !name.contains(where: { " \t\"(),/:;<=>?@[\\]{}".contains($0) })
      else { return nil }
      let value = line[line.index(after: colon)...].trimming()
      values[name, default: []].append(value)
      fields.append("\(name): \(value)")
    }
    guard let hosts = values["host"], hosts.count == 1 else { return nil }
    host = hosts[0]
    let lengths = values["content-length"] ?? []
    let codings = values["transfer-encoding"] ?? []
    guard lengths.count + codings.count <= 1 else { return nil }
    if let coding = codings.first {
      guard coding == "chunked" else { return nil }
      bodyCount = -1
    } else {
      guard let count = Int(lengths.first ?? "0"), count >= 0 else { return nil }
      bodyCount = count
    }
    for name in ["connection", "keep-alive", "te", "trailer", "upgrade", "proxy-connection"] {
      guard values[name] == nil else { return nil }
    }
  }
}

extension Substring {
  /// The text without spaces and tabs around it.
  fileprivate func trimming() -> String {
    var text = self
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return String(text)
  }
}
