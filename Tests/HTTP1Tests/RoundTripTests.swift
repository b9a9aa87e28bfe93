// What the policies saw is what the upstream reads: accepted requests, written anew, read by
// somebody else.

import Bytes
import HTTPMessage
import Testing

@testable import HTTP1

/// A generator whose seed is printed when a claim fails.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite struct RoundTripTests {
  private static let seeds =
    RequestParserTests.valid + [
      "POST /a/b?c=d HTTP/1.1\r\nHost: api.example.com:8443\r\nContent-Type: a/b\r\n"
        + "User-Agent: x\r\n"
        + "Content-Length: 12\r\nCookie: a=b\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n"
    ]

  /// What mutations put into requests: what grammars turn on.
  private static let pieces = [
    "\r\n", "\n", "\r", "\0", " ", "\t", ":", ",", ";", "/", "//", "/../", "%2e", "%2F", "%00", "?",
    "#", "\\", "@", "[", "]", "chunked", "gzip", "close", "keep-alive", "Host: b\r\n",
    "Content-Length: 1\r\n", "Transfer-Encoding: chunked\r\n", "Connection: x-y\r\n", "\r\n\r\n",
    "HTTP/1.0", "http://a", "X_Y: 1\r\n", "0", "9", "-", "+", "\u{80}", "\u{FF}", "\u{B}", "\u{7F}",
  ]

  private static func mutate(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let index = Int.random(in: 0...bytes.count, using: &random)
      let end = min(bytes.count, index + Int.random(in: 0...12, using: &random))
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes.replaceSubrange(index..<end, with: [])
      case 1: bytes.insert(contentsOf: bytes[index..<end], at: index)
      case 2:
        if index < bytes.count { bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
      default:
        let piece = pieces[Int.random(in: 0..<pieces.count, using: &random)].wire
        bytes.insert(contentsOf: piece, at: index)
      }
    }
    return bytes
  }

  @Test func `a strict reader behind Sluice reads what the policies saw`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(seed: seed)
    var accepted = 0
    for round in 0..<30_000 {
      let start = Self.seeds[round % Self.seeds.count].wire
      let bytes = Self.mutate(start, &random)
      if try isForwardedFaithfully(bytes, "seed \(seed), \(bytes)") { accepted += 1 }
    }
    #expect(accepted > 1000, "Mutations leave enough requests valid, seed \(seed).")
  }

  /// Whether the request is accepted; records an issue when it is and is forwarded as something
  /// else.
  private func isForwardedFaithfully(_ bytes: [UInt8], _ comment: Comment) throws -> Bool {
    let request = Request(fields: FieldSection(addedBytesMax: 4096))
    let buffer = filled(bytes)
    var parser = RequestParser(limits: .request, rules: RequestRules())
    guard let progress = try? parser.parse(buffer, into: request), progress == .done
    else { return false }
    let authority =
      request.authority.isEmpty ? "fallback".wire : request.text(request.authority).array
    var output = Output(capacity: 64)
    try RequestEncoder.encode(request, authority: authority.span, blocks: [], into: &output)
    let reference = try #require(ReferenceRequest(output.bytes.array), comment)
    #expect(reference.method == request.text(request.methodText).text, comment)
    #expect(reference.path == request.text(request.path).text, comment)
    #expect(reference.host.utf8.elementsEqual(authority), comment)
    switch request.framing {
    case .none: #expect(reference.bodyCount == 0, comment)
    case .length(let count): #expect(UInt64(reference.bodyCount) == count, comment)
    case .chunked: #expect(reference.bodyCount == -1, comment)
    case .untilClose: Issue.record("A request ends with its connection.")
    }
    // What is forwarded is accepted again, and is the same request.
    let again = try #require(try parseRequest(output.bytes.array).get(), comment)
    #expect(again.path == reference.path, comment)
    #expect(again.framing == request.framing, comment)
    return true
  }
}
