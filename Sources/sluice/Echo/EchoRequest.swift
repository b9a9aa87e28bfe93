// A request as the echo upstream received it, as text, and the JSON that tells it.

import Bytes
import Configuration
import HTTP1
import HTTPMessage
import OpenSSL

/// What stood in a request's head, in the order in which it came.
struct EchoRequest {
  let method: String
  let target: String
  let path: String
  let query: String
  let version: String
  let fields: [(name: String, value: String)]
  let peer: String
  let isHead: Bool
  let keepsAlive: Bool
  /// Whether the client can be sent chunks.
  let takesChunks: Bool
  let contentType: String?

  init(_ request: Request, from peer: String) {
    method = request.text(request.methodText).text
    target = request.text(request.target).text
    path = request.text(request.path).text
    query = request.query.map { request.text($0).text } ?? ""
    version = request.version == .http10 ? "HTTP/1.0" : "HTTP/1.1"
    fields = EchoRequest.lines(of: request.fields)
    self.peer = peer
    isHead = request.method == .head
    keepsAlive = request.keepsAlive
    takesChunks = request.version != .http10
    contentType = fields.first { $0.name.lowercased() == "content-type" }?.value
  }

  static func lines(of section: FieldSection) -> [(name: String, value: String)] {
    section.entries.indices.filter { !section.entries[$0].isRemoved }.map {
      (section.name(at: $0).text, section.value(at: $0).text)
    }
  }

  /// The whole request as one line of JSON.
  func report(
    body: [UInt8], trailers: [(name: String, value: String)], digest: Digest256
  ) -> String {
    let text =
      body.count <= EchoLimits.shownBytesMax ? String(validating: body, as: UTF8.self) : nil
    return JSON.members([
      "method": .string(method), "target": .string(target), "version": .string(version),
      "peer": .string(peer), "headers": pairs(fields),
      "body": .members([
        "length": .number(body.count), "sha256": .string(digest.hex),
        "text": text.map { .string($0) },
      ]),
      "trailers": trailers.isEmpty ? nil : pairs(trailers),
    ]).compact + "\n"
  }

  private func pairs(_ lines: [(name: String, value: String)]) -> JSON {
    .array(lines.map { .strings([$0.name, $0.value]) })
  }
}
