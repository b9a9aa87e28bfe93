// How an upstream chooses among its servers, and when it stops to ask one: `balance`, `outlier`.

package enum BalanceMethod: String, Sendable, CaseIterable {
  case leastRequest = "least-request"
  case roundRobin = "round-robin"
  case random
  case hash
}

package struct BalanceSettings: Sendable {
  package var method = BalanceMethod.leastRequest
  package var key: Attribute?
  package var slowStart = TimeSpan.zero
}

package struct OutlierSettings: Sendable {
  package var consecutive = 5
  package var errors: Percent?
  package var slowness: Int?
  package var requestsMin = 20
  package var window = TimeSpan.seconds(10)
  package var statuses = [502, 503, 504].map { StatusRange($0...$0) }
  package var ejection = SpanRange(.seconds(10), .minutes(5))
  package var ejectedMax = Percent.percent(50)
}

extension CoreDirectives {
  static let balance = Manual<BalanceSettings>(
    directive: "balance",
    summary: "How a server is chosen for a request. Requests in flight are counted over all "
      + "workers.",
    scopes: [.upstream], inheritance: .none,
    arguments: [
      .enumeration(
        "method", \.method,
        "'least-request': of two random servers the one with fewer requests for its weight, or "
          + "the one that is more than twice as fast; 'round-robin': in turn, by weight; "
          + "'random': by weight; 'hash': the same server for the same key, as long as it is fit "
          + "and has no more than 1.25 times its share of the requests.")
    ],
    defaults: BalanceSettings(),
    properties: [
      .value(
        "key", \.key, .balanceKey,
        "What is hashed; a request without it goes by 'least-request'."),
      .duration(
        "slow-start", \.slowStart, in: .zero ... .hours(1),
        "For so long a server that came back has less than its share, from a tenth upwards."),
    ],
    examples: [
      Example("in turn", config: "balance round-robin"),
      Example("a tenant stays on its server", config: "balance hash key=header.x-tenant"),
    ],
    check: { settings in
      if settings.method == .hash, settings.key == nil {
        return [SettingsProblem("method", "'hash' needs a 'key='")]
      }
      if settings.method != .hash, settings.key != nil {
        return [SettingsProblem("key", "only 'hash' takes a 'key='")]
      }
      return []
    })

  static let outlier = Manual<OutlierSettings>(
    directive: "outlier",
    summary: "When a server is passed over for what it answers. A refused or broken connection, a "
      + "timeout, an answer that is no HTTP and the listed statuses are failures. Acts also "
      + "where it is not written.",
    scopes: [.upstream], inheritance: .none,
    defaults: OutlierSettings(),
    properties: [
      .integer(
        "consecutive", \.consecutive, in: 0...1000,
        "Failures in a row that eject a server; 0 for never."),
      .value(
        "errors", \.errors, .percent,
        "The share of failures in the window that ejects a server; not said: none."),
      .integer(
        "slower", \.slowness, in: 2...1000,
        "A server is ejected whose answers begin so many times later than those of the one in the "
          + "middle of the others; not said: none."),
      .integer(
        "min-requests", \.requestsMin, in: 1...1_000_000,
        "Requests to a server in the window below which the share means nothing."),
      .duration(
        "window", \.window, in: .seconds(1) ... .minutes(1), "What the share is taken over."),
      .list("statuses", \.statuses, of: .failureRange, "Statuses that are failures."),
      .value(
        "ejection", \.ejection, .spanRange(in: .milliseconds(100) ... .hours(1)),
        "How long a server is out: the first time, and at most. It doubles from time to time."),
      .value(
        "max-ejected", \.ejectedMax, .percent,
        "The share of the servers that may be out at a time; never all of them."),
    ],
    examples: [
      Example(
        "also for errors of the application",
        config: "outlier errors=50% statuses=[500..599] ejection=5s..1m")
    ])
}

extension ValueType where Wrapped == Attribute {
  /// What a request can be balanced by.
  static var balanceKey: ValueType {
    ValueType.described(
      "a part of the request: client.ip, host, path, path.NAME, header.NAME, cookie.NAME or "
        + "query.NAME", calls: []
    ) { (text) throws(ValueProblem) in
      let attribute = try Attribute(parsing: text)
      switch attribute {
      case .clientIP, .host, .path, .pathParameter, .header, .cookie, .query: return attribute
      case .listener, .route, .method, .pathRest: throw ValueProblem()
      }
    }.mentioning { [.attribute($0)] }
  }
}

extension ValueType where Wrapped == StatusRange {
  /// Status codes, one or from one to another.
  package static var statusRange: ValueType {
    .described("a status such as 503, or a range such as 500..599") {
      (text) throws(ValueProblem) in try StatusRange(parsing: text)
    }
  }
}

extension ValueType where Wrapped == StatusRange {
  /// Status codes that tell of a failure.
  static var failureRange: ValueType {
    .described("a status of a failure such as 503, or a range such as 500..599") {
      (text) throws(ValueProblem) in
      let range = try StatusRange(parsing: text)
      guard range.codes.lowerBound >= 400 else { throw ValueProblem("is no failure") }
      return range
    }
  }
}

extension ValueType where Wrapped == SpanRange {
  /// A duration, or from one to another.
  package static func spanRange(in range: ClosedRange<TimeSpan>) -> ValueType {
    .described("a duration such as 1s, or a range such as 50ms..500ms") {
      (text) throws(ValueProblem) in
      let span = try SpanRange(parsing: text)
      guard range.contains(span.lower), range.contains(span.upper) else {
        throw ValueProblem("must be from \(range.lowerBound) to \(range.upperBound)")
      }
      return span
    }
  }
}
