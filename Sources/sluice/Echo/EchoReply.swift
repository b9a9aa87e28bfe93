// Writes the answer of the echo upstream, in pieces of bounded size.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import OpenSSL
import Telemetry

struct EchoReply {
  typealias Ending = EchoConnection.Ending

  private let request: EchoRequest
  private let keepsAlive: Bool
  private let connection: EchoConnection
  private let digests: SHA256

  init(
    to request: EchoRequest, keepsAlive: Bool, over connection: EchoConnection, _ digests: SHA256
  ) {
    self.request = request
    self.keepsAlive = keepsAlive
    self.connection = connection
    self.digests = digests
  }

  /// Answers a request whose body was read.
  func send(_ body: EchoBody) async throws(Ending) {
    switch EchoAnswer(path: request.path, query: request.query) {
    case .report(let status): try await sendReport(body, status)
    case .delayed(let milliseconds):
      try await connection.pause(milliseconds)
      try await sendReport(body, 200)
    case .body:
      try await sendHead(200, request.contentType ?? "application/octet-stream", body.bytes.count)
      try await sendPieces(of: body.bytes)
    case .bytes(let count): try await sendBytes(count)
    case .chunks(let count):
      try await sendStream("text/plain", count: count, every: 0) { "chunk \($0)\n" }
    case .events(let count, let every):
      try await sendStream("text/event-stream", count: count, every: every) {
        "id: \($0)\ndata: event \($0)\n\n"
      }
    case .refused(let reason): try await sendText(reason + "\n", status: 400)
    }
  }

  func sendTooLarge() async throws(Ending) {
    try await sendText("bodies are kept up to \(EchoLimits.bodyBytesMax) bytes\n", status: 413)
  }

  /// The whole answer to bytes that are no request.
  static func appendRefusal(_ error: HTTP1Error, into output: inout Output) {
    let text = error.reason.description + "\n"
    ResponseEncoder.appendStatusLine(400, to: &output)
    output.append("Content-Type: text/plain\r\nContent-Length: \(text.utf8.count)\r\n")
    output.append("Connection: close\r\n\r\n")
    output.append(text)
  }

  // MARK: Kinds of answers

  private func sendReport(_ body: EchoBody, _ status: UInt16) async throws(Ending) {
    let digest: Digest256
    do throws(CryptoError) {
      digest = try digests.digest(of: body.bytes.span)
    } catch {
      return try await sendText(error.text + "\n", status: 500)
    }
    let text = request.report(body: body.bytes, trailers: body.trailers, digest: digest)
    try await sendText(text, status: status, type: "application/json")
  }

  private func sendText(
    _ text: String, status: UInt16, type: String = "text/plain"
  ) async throws(Ending) {
    // RFC 9110: 204 and 304 end with their head.
    let isBodiless = status == 204 || status == 304
    var output = Output(capacity: 4096)
    appendHead(status, isBodiless ? nil : type, isBodiless ? nil : text.utf8.count, &output)
    if !isBodiless, !request.isHead { output.append(text) }
    try await send(pieces: output)
  }

  private func sendBytes(_ count: Int) async throws(Ending) {
    try await sendHead(200, "application/octet-stream", count)
    let piece = (0..<min(count, EchoLimits.pieceBytes)).map { UInt8(97 + $0 % 26) }
    var left = request.isHead ? 0 : count
    while left > 0 {
      let size = min(left, piece.count)
      try await connection.send(piece.span.extracting(0..<size))
      left -= size
    }
  }

  private func sendPieces(of bytes: [UInt8]) async throws(Ending) {
    var start = request.isHead ? bytes.count : 0
    while start < bytes.count {
      let end = min(start + EchoLimits.pieceBytes, bytes.count)
      try await connection.send(bytes.span.extracting(start..<end))
      start = end
    }
  }

  private func sendStream(
    _ type: String, count: Int, every: UInt64, _ text: (Int) -> String
  ) async throws(Ending) {
    var output = Output(capacity: 512)
    appendStreamHead(type, &output)
    var number = request.isHead ? count : 0
    while number < count {
      number += 1
      if every > 0 {
        try await connection.send(output.bytes)
        output.clear()
        if number > 1 { try await connection.pause(every) }
      }
      append(text(number), to: &output)
      if output.count >= EchoLimits.pieceBytes {
        try await connection.send(output.bytes)
        output.clear()
      }
    }
    if request.takesChunks, !request.isHead { output.append("0\r\n\r\n") }
    try await connection.send(output.bytes)
  }

  private func append(_ text: String, to output: inout Output) {
    guard request.takesChunks else { return output.append(text) }
    ChunkedEncoder.startChunk(of: text.utf8.count, into: &output)
    output.append(text)
    ChunkedEncoder.endChunk(into: &output)
  }

  // MARK: Heads

  private func sendHead(_ status: UInt16, _ type: String?, _ count: Int?) async throws(Ending) {
    var output = Output(capacity: 512)
    appendHead(status, type, count, &output)
    try await connection.send(output.bytes)
  }

  private func appendHead(
    _ status: UInt16, _ type: String?, _ count: Int?, _ output: inout Output
  ) {
    ResponseEncoder.appendStatusLine(status, to: &output)
    if let type { output.append("Content-Type: \(type)\r\n") }
    if let count { output.append("Content-Length: \(count)\r\n") }
    appendEnd(isKept: keepsAlive, &output)
  }

  private func appendStreamHead(_ type: String, _ output: inout Output) {
    ResponseEncoder.appendStatusLine(200, to: &output)
    output.append("Content-Type: \(type)\r\n")
    if request.takesChunks { output.append("Transfer-Encoding: chunked\r\n") }
    appendEnd(isKept: keepsAlive && request.takesChunks, &output)
  }

  private func appendEnd(isKept: Bool, _ output: inout Output) {
    output.append("Date: \(HTTPDate.text(WallClock.milliseconds() / 1000))\r\n")
    if !isKept {
      output.append("Connection: close\r\n")
    } else if !request.takesChunks {
      output.append("Connection: keep-alive\r\n")
    }
    output.append("\r\n")
  }

  /// A report of many fields may be larger than one send.
  private func send(pieces output: borrowing Output) async throws(Ending) {
    var start = 0
    while start < output.count {
      let end = min(start + EchoLimits.pieceBytes, output.count)
      try await connection.send(output[start..<end])
      start = end
    }
  }
}
