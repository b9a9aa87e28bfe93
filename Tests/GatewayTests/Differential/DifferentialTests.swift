// The promise that policy rests on: what the policies saw is what the origin receives, and what was
// refused reaches nobody.

import Bytes
import Configuration
import Engine
import HTTP1
import HTTPMessage
import LoopBench
import PolicyChain
import Telemetry
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(30)))
struct DifferentialTests {
  /// More in `make deep`: SLUICE_PROPERTY_CASES=1000000.
  private static var cases: Int {
    number("SLUICE_PROPERTY_CASES") ?? 20_000
  }

  private static var seed: UInt64 {
    number("SLUICE_PROPERTY_SEED").map { UInt64($0) } ?? .random(in: 0 ... .max / 2)
  }

  /// A number from the environment; nil when there is none.
  private static func number(_ name: String) -> Int? {
    guard let text = try? DiskFiles().read("/proc/self/environ") else { return nil }
    let start = Array("\(name)=".utf8)
    let entry = text.split(separator: 0).first { $0.starts(with: start) }
    return entry.flatMap { Int(StrictRequest.text($0.dropFirst(start.count))) }
  }

  @Test func `what the policies saw is what the origin receives`() async throws {
    let seed = Self.seed
    let count = Self.cases
    let (forwarded, problems) = try await onLoop { bench in
      var requests = HostileRequests(seed: seed)
      let listener = try InspectedListener()
      let exchange = Exchange(
        request: Request(fields: FieldSection(addedBytesMax: 24 * 1024)),
        response: ResponseHead(fields: FieldSection(addedBytesMax: 8 * 1024)),
        services: Services(random: CountingSource(), metrics: WorkerMetrics()),
        waiter: Waiter(on: bench.loop))
      let head = Buffer(capacity: 64 * 1024)
      var forwarded = 0
      var problems: [String] = []
      for number in 0..<count where problems.count < 5 {
        let bytes = requests.next()
        var rules = RequestRules()
        rules.path.normalizesDots = requests.pick(4) == 0
        rules.path.normalizesSlashes = requests.pick(4) == 0
        rules.underscores = [.drop, .refuse, .keep][requests.pick(3)]
        exchange.reset()
        head.clear()
        guard head.append(bytes.span) else { continue }
        let route = await listener.run(head, rules, exchange)
        let judgement = Judgement(
          route: route, inspection: listener.inspection,
          keepsUnderscores: rules.underscores == .keep)
        if route != nil { forwarded += 1 }
        if let problem = judgement.problem {
          problems.append(
            "case \(number): \(problem) in \(StrictRequest.text(bytes).debugDescription)")
        }
      }
      return (forwarded, problems)
    }
    #expect(problems.isEmpty, "seed \(seed)")
    // A generator that only makes bad requests, or good ones, would show nothing.
    #expect(forwarded > count / 5 && forwarded < count * 4 / 5, "seed \(seed)")
  }

  @Test func `the independent reader refuses what it should`() {
    let good = "GET / HTTP/1.1\r\nHost: h\r\n"
    let vectors = [
      "GET / HTTP/1.1\r\n\r\n", good, good + "\r\nx", good + "A b\r\n\r\n", good + " a: b\r\n\r\n",
      good + "A : b\r\n\r\n", good + "A: b\nC: d\r\n\r\n", good + "Host: i\r\n\r\n",
      good + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      good + "Content-Length: +1\r\n\r\n", good + "A: \0\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.0\r\nHost: h\r\n\r\n",
      "GET /a\\b HTTP/1.1\r\nHost: h\r\n\r\n",
    ]
    for vector in vectors {
      #expect(throws: StrictRequest.Refusal.self) {
        try StrictRequest(reading: Array(vector.utf8))
      }
    }
  }
}

/// What is wrong with one case.
private struct Judgement {
  let route: String?
  let inspection: Inspection
  let keepsUnderscores: Bool

  private static let hopByHop = [
    "connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "http2-settings",
    "proxy-authorization",
  ]
  private static let claims = [
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "forwarded",
    "x-real-ip", "true-client-ip", "cf-connecting-ip", "x-request-id", "x-original-url",
    "x-rewrite-url", "client-cert",
  ]

  /// Nil when all is well.
  var problem: String? {
    guard let route else {
      return inspection.encoded.isEmpty ? nil : "a refused request was encoded"
    }
    guard inspection.encodings == 1, let seen = inspection.seen else { return "not seen once" }
    let received: StrictRequest
    do throws(StrictRequest.Refusal) {
      received = try StrictRequest(reading: inspection.encoded)
    } catch { return "an origin refuses it: \(error.why)" }
    if received.method != seen.method { return "another method" }
    if received.path != seen.path { return "another path: \(received.path) for \(seen.path)" }
    if received.query != seen.query { return "another query" }
    if !inspection.authority.isEmpty, received.values(of: "host") != [inspection.authority] {
      return "another host"
    }
    return fieldProblem(received, seen) ?? claimProblem(received) ?? placeProblem(received, route)
  }

  /// End-to-end fields arrive as they were seen, and nothing else does.
  private func fieldProblem(_ received: StrictRequest, _ seen: StrictRequest) -> String? {
    let ownFields = ["host", "content-length", "transfer-encoding"]
    let sent = received.fields.filter { !ownFields.contains($0.name) }
    let expected = seen.fields.filter {
      !ownFields.contains($0.name) && !Self.hopByHop.contains($0.name)
    }
    if !sent.elementsEqual(expected, by: { $0 == $1 }) {
      return "other fields: \(sent) for \(expected)"
    }
    return nil
  }

  /// What strangers claim does not arrive, under whatever name an origin may read it.
  private func claimProblem(_ received: StrictRequest) -> String? {
    for field in received.fields {
      let name = keepsUnderscores ? field.name : field.name.withDashes
      guard Self.claims.contains(name) else { continue }
      if name != field.name { return "an alias of \(name) arrived" }
      let isForged =
        field.value == "666" || ["6.6.6.6", "evil"].contains { field.value.contains($0) }
      // The host that was asked for is told as it was: that is no claim but the request.
      if isForged,
        !["x-forwarded-host", "forwarded"].contains(name) || field.value.contains("6.6.6.6")
      {
        return "a stranger's \(name) arrived"
      }
    }
    let unique = [
      "x-forwarded-for", "x-forwarded-proto", "forwarded", "x-request-id", "traceparent",
    ]
    for name in unique where received.values(of: name).count != 1 { return "not one \(name)" }
    if received.values(of: "x-forwarded-for") != ["192.0.2.7"] { return "another client" }
    return nil
  }

  /// A path that an origin may read as another route's was not let through.
  private func placeProblem(_ received: StrictRequest, _ route: String) -> String? {
    let segments = received.path.split(separator: "/", omittingEmptySubsequences: false)
    let odd = segments.dropFirst().dropLast().contains { $0.isEmpty || $0 == "." || $0 == ".." }
    if odd { return "a path that is not canonical: \(received.path)" }
    let first = segments.count > 1 ? String(segments[1]) : ""
    let expected =
      switch route {
      case "admin": first == "admin"
      case "api": first == "api"
      case "moved": first == "landed"
      case "tenant": first == "t"
      default: first != "admin" && first != "api"
      }
    return expected ? nil : "\(received.path) went through route \(route)"
  }
}

extension String {
  /// The name as origins read it that take `_` and `.` for `-`.
  fileprivate var withDashes: String {
    String(map { $0 == "_" || $0 == "." ? "-" : $0 })
  }
}

/// Numbers from one on: ids need only differ.
private final class CountingSource: RandomSource {
  private var last: UInt64 = 0
  func next() -> UInt64 {
    last += 1
    return last
  }
}
