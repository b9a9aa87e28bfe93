// An exchange without a socket: a request parsed from text, a clock that stands still, random
// numbers that count. What goes out is read back from the bytes that the encoders write.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import PolicyChain
import Telemetry

@testable import Policies

final class TestExchange {
  /// 2026-11-23T17:02:58.007Z.
  static let time: UInt64 = 1_795_453_378_007

  let exchange: Exchange
  /// The waiter does not keep its loop alive.
  private let loop: EventLoop

  /// - Parameters:
  ///   - fields: lines of the request; a Host is added when there is none.
  ///   - peer: the client's address; nil for a unix socket.
  init(
    _ line: String = "GET /", fields: [String] = [], body: String = "",
    peer: String? = "198.51.100.7", isSecure: Bool = true
  ) throws {
    loop = try EventLoop()
    exchange = Exchange(
      request: Request(fields: FieldSection(addedBytesMax: 8192)),
      response: ResponseHead(fields: FieldSection(addedBytesMax: 8192)),
      services: Services(random: CountingRandom(), metrics: WorkerMetrics()),
      waiter: Waiter(on: loop))
    var lines = [line + " HTTP/1.1"] + fields
    if !fields.contains(where: { $0.lowercased().hasPrefix("host:") }) {
      lines.append("Host: api.example.com")
    }
    if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
    let text = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    let buffer = Buffer(capacity: max(text.count, 1))
    precondition(buffer.append(text.span), "The buffer was made for the text.")
    var parser = RequestParser(limits: .request, rules: RequestRules())
    guard try parser.parse(buffer, into: exchange.request) == .done else { throw Incomplete() }
    exchange.request.isSecure = isSecure
    exchange.isPreflight = exchange.request.isPreflight
    exchange.wallMilliseconds = Self.time
    let address = peer.flatMap { IPAddress($0) }
    exchange.connection = DownstreamConnection(
      listener: ListenerID(index: 0), peer: address.map { .ip($0, port: 40000) } ?? .unix(""))
  }

  struct Incomplete: Error {}

  /// The head as an upstream would read it, line by line.
  func upstreamLines() throws -> [String] {
    var output = Output(capacity: 1024)
    let request = exchange.request
    try RequestEncoder.encode(
      request, authority: request.text(request.authority), blocks: [], into: &output)
    return Self.lines(output)
  }

  /// The head as the client would read it, line by line.
  func clientLines() throws -> [String] {
    var output = Output(capacity: 1024)
    let response = exchange.response
    try ResponseEncoder.encode(
      response, framing: response.framing, answering: exchange.request, keepsAlive: true,
      blocks: exchange.rendered, into: &output)
    return Self.lines(output)
  }

  /// The values of a field as the upstream would read them.
  func upstream(_ name: String) throws -> [String] { Self.values(name, in: try upstreamLines()) }

  /// The values of a field as the client would read them.
  func client(_ name: String) throws -> [String] { Self.values(name, in: try clientLines()) }

  var bodyText: String {
    if case .bytes(let bytes) = exchange.responseBody {
      return String(decoding: bytes, as: UTF8.self)
    }
    return ""
  }

  func text(_ range: TextRange) -> String {
    let request = exchange.request
    return request.text(range).text
  }

  static func values(_ name: String, in lines: [String]) -> [String] {
    let start = name.lowercased() + ": "
    return lines.filter { $0.lowercased().hasPrefix(start) }.map {
      String($0.dropFirst(start.count))
    }
  }

  private static func lines(_ output: borrowing Output) -> [String] {
    let lines = output.bytes.text.split(separator: "\r\n", omittingEmptySubsequences: false)
    return lines.dropLast(2).map(String.init)
  }
}

/// Random numbers that are 1, 2, 3 ...
final class CountingRandom: RandomSource {
  private var last: UInt64 = 0

  func next() -> UInt64 {
    last += 1
    return last
  }
}
