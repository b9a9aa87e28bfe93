// HTTP/1 messages as a test reads them: by plain rules of its own, so that the gateway's codecs are
// not judged by themselves.

import Transport

/// A message that a peer received whole.
package struct Message: Sendable, Equatable {
  package var startLine: String
  /// Names in lower case, in the order in which they came.
  package var fields: [(name: String, value: String)]
  package var body: [UInt8]
  package var trailers: [String]

  package static func == (a: Message, b: Message) -> Bool {
    a.startLine == b.startLine && a.body == b.body && a.trailers == b.trailers
      && a.fields.elementsEqual(b.fields) { $0 == $1 }
  }

  /// The values of a field, joined by `|`; nil when there is none.
  package subscript(name: String) -> String? {
    let values = fields.filter { $0.name == name }.map(\.value)
    return values.isEmpty ? nil : values.joined(separator: "|")
  }

  package var status: Int? {
    let parts = startLine.split(separator: " ", maxSplits: 2)
    return parts.count > 1 ? Int(parts[1]) : nil
  }

  package var text: String { String(decoding: body, as: UTF8.self) }

  init(head: String) {
    let lines = head.components(separatedBy: "\r\n")
    startLine = lines[0]
    fields = lines.dropFirst().filter { !$0.isEmpty }.map { line in
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      let value = line[colon...].dropFirst()
      return (String(line[..<colon]).lowercased(), value.trimmed)
    }
    body = []
    trailers = []
  }
}

extension Peer {
  /// A head, and nothing behind it.
  package func readHead() async throws(TransportError) -> Message {
    Message(head: try await read(through: "\r\n\r\n"))
  }

  /// A message with the body that its framing says.
  package func readMessage(answersHead: Bool = false) async throws(TransportError) -> Message {
    var message = try await readHead()
    let hasNone = answersHead || [204, 304].contains(message.status) || message.isInterim
    if hasNone { return message }
    if message["transfer-encoding"] == "chunked" {
      try await readChunks(into: &message)
    } else if let length = message["content-length"].flatMap({ Int($0) }) {
      message.body = try await read(count: length)
    } else if message.status != nil {
      message.body = try await readToEnd()
    }
    return message
  }

  /// Chunks and trailers behind a head.
  package func readChunks(into message: inout Message) async throws(TransportError) {
    while true {
      let line = try await read(through: "\r\n")
      guard let count = Int(line, radix: 16) else { throw .closed }
      if count == 0 { break }
      message.body += try await read(count: count)
      guard try await read(count: 2) == [13, 10] else { throw .closed }
    }
    while true {
      let line = try await read(through: "\r\n")
      if line.isEmpty { return }
      message.trailers.append(line)
    }
  }
}

extension Message {
  var isInterim: Bool { status.map { $0 < 200 } ?? false }
}

extension Substring {
  fileprivate var trimmed: String {
    var text = self
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return String(text)
  }
}

extension String {
  fileprivate func components(separatedBy mark: String) -> [String] {
    split(separator: mark, omittingEmptySubsequences: false).map(String.init)
  }
}
