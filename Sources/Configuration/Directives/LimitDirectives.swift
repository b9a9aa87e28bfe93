// How much callers may take: `bucket` says the rate and whose it is, `limit` puts it before routes.
// The chain's policies declare `limit` with this manual, since the compiler checks both together.

/// Where the counts of a bucket stand.
package enum BucketStore: Sendable, Hashable, CustomStringConvertible {
  /// In this process alone, over all its workers.
  case local
  /// In a Redis, over all gateways that use it.
  case redis(String)

  package var description: String {
    switch self {
    case .local: "local"
    case .redis(let name): name
    }
  }
}

package struct BucketSettings: Sendable, Hashable {
  package var name = ""
  package var rate: Rate?
  /// Nil: as many as the rate's number.
  package var burst: Int?
  package var quota: Rate?
  package var key: [Attribute] = []
  package var fallbackKey: [Attribute] = []
  package var store = BucketStore.local
  /// Nil: as the store says.
  package var onFailure: StoreFailureMode?

  /// Tokens that a request may cost at most; zero for a bucket that says nothing.
  package var tokensMax: Int {
    let ofRate = rate.map { burst ?? $0.count } ?? .max
    let most = min(ofRate, quota?.count ?? .max)
    return most == .max ? 0 : most
  }
}

package struct RequestLimitSettings: Sendable {
  package var bucket = ""
  package var cost = 1
  package var isShadow = false
  package var hasLegacyFields = false
}

/// `bucket` and `limit`.
package enum LimitDirectives {
  /// Limits that may hold for one request.
  package static let perRouteMax = 8
  /// Units of a bucket that a number of Redis' Lua holds exactly: 2^53.
  private static let unitsMax = 1 << 53

  package static let bucket = Manual<BucketSettings>(
    directive: "bucket",
    summary: "Tokens that requests take: so many in a time, for each key apart.",
    scopes: [.top], inheritance: .none, defines: .bucket,
    arguments: [.value("name", \.name, .name, "Its name, which RateLimit fields tell clients.")],
    defaults: BucketSettings(),
    properties: [
      .value("rate", \.rate, .rate, "How fast tokens come back."),
      .integer(
        "burst", \.burst, in: 1...1_000_000_000,
        "Tokens that can gather; unless said, as many as the rate's number."),
      .value(
        "quota", \.quota, .rate,
        "Tokens in each second, minute, hour or day of the calendar in UTC, besides the rate."),
      .list(
        "key", \.key, of: .keyPart,
        "What tells callers apart; without it all share one. IPv6 clients count by their /64."
      ),
      .list(
        "fallback-key", \.fallbackKey, of: .keyPart,
        "The key of requests that lack a part of 'key'; without it, what is absent is empty."),
      .value("store", \.store, .bucketStore, "Where the tokens are counted."),
      .enumeration(
        "on-failure", \.onFailure, "What holds while the store does not answer, if not its own."),
    ],
    later: ["lease", "tier", "rate.", "burst."],
    examples: [
      Example(
        "fifty a second for each client",
        config: "bucket per-ip rate=50/s burst=100 key=[client.ip]"),
      Example(
        "a day's quota for each tenant",
        config: "bucket daily quota=10000/d key=[header.x-tenant] fallback-key=[client.ip]"),
    ],
    check: problems)

  private static func problems(of settings: BucketSettings) -> [SettingsProblem] {
    var problems: [SettingsProblem] = []
    if settings.rate == nil, settings.quota == nil {
      problems.append(
        SettingsProblem("name", "bucket '\(settings.name)' has neither 'rate' nor 'quota'"))
    }
    if settings.rate == nil, settings.burst != nil {
      problems.append(SettingsProblem("burst", "'burst' belongs to a 'rate'"))
    }
    if settings.store == .local, settings.onFailure != nil {
      problems.append(SettingsProblem("on-failure", "'local' never fails"))
    }
    if settings.key.isEmpty, !settings.fallbackKey.isEmpty {
      problems.append(SettingsProblem("fallback-key", "'fallback-key' stands in for a 'key'"))
    }
    if let rate = settings.rate, !isCountable(rate, burst: settings.burst ?? rate.count) {
      problems.append(
        SettingsProblem(
          "burst",
          "a burst of \(settings.burst ?? rate.count) at \(rate) is more than can be "
            + "counted exactly", help: "a smaller burst, or a rate with a rounder number"))
    }
    return problems
  }

  /// A token is worth as many units as the period has microseconds, both divided by what they have
  /// in common.
  private static func isCountable(_ rate: Rate, burst: Int) -> Bool {
    let period = Int(rate.period.span.milliseconds) * 1000
    var (a, b) = (rate.count, period)
    while b != 0 { (a, b) = (b, a % b) }
    let (units, isOver) = burst.multipliedReportingOverflow(by: period / a)
    return !isOver && units <= unitsMax && rate.count / a <= 1 << 40
  }

  package static let limit = Manual<RequestLimitSettings>(
    directive: "limit",
    summary: "Requests take tokens from a bucket; 429 when it has not enough.",
    inheritance: .keyedSet(keyArguments: 1),
    arguments: [.reference("bucket", \.bucket, to: .bucket, "The bucket.")],
    defaults: RequestLimitSettings(),
    properties: [
      .integer("cost", \.cost, in: 1...1_000_000, "Tokens that one request takes."),
      .flag("shadow", \.isShadow, "Decides, counts and logs 'would_deny', but lets pass."),
      .flag(
        "x-ratelimit", \.hasLegacyFields,
        "Whether answers carry X-RateLimit-Limit, -Remaining and -Reset as well."),
    ],
    examples: [
      Example(
        "a request over the limit is refused, and answers tell what is left",
        config: "limit per-route",
        .send(
          "GET /",
          expect: .forwarded(answer: [
            "RateLimit-Policy: \"per-route\";q=2;w=2", "RateLimit: \"per-route\";r=1;t=1",
          ])),
        .send("GET /", expect: .forwarded),
        .send("GET /", expect: .refused(429, reason: "quota_exceeded"))),
      Example(
        "an expensive request takes several tokens", config: "limit per-route cost=2",
        .send("GET /", expect: .forwarded),
        .send("GET /", expect: .refused(429, reason: "quota_exceeded"))),
      Example(
        "a limit is tried out without refusing anyone", config: "limit per-route shadow=on",
        .send("GET /", expect: .forwarded), .send("GET /", expect: .forwarded),
        .send("GET /", expect: .forwarded)),
      Example(
        "the older fields, for clients that know no others",
        config: "limit per-route x-ratelimit=on",
        .send(
          "GET /",
          expect: .forwarded(answer: [
            "X-RateLimit-Limit: 2", "X-RateLimit-Remaining: 1", "X-RateLimit-Reset: 1",
          ]))),
    ])
}

extension ValueType where Wrapped == BucketStore {
  static var bucketStore: ValueType {
    ValueType(
      "local or the name of a redis", words: ["local"], calls: [],
      canonical: { .string($0.description) },
      parse: { (text) throws(ValueProblem) in
        if text == "local" { return .local }
        return .redis(try EntityName.check(text))
      }
    ).mentioning { store in
      if case .redis(let name) = store { [.reference(.redis, name)] } else { [] }
    }
  }
}

extension ValueType where Wrapped == Attribute {
  /// A part of a key that tells callers apart. The list is closed: what a caller chooses freely
  /// with each request, such as the whole path, would give it a bucket for each choice.
  package static var keyPart: ValueType {
    ValueType(
      "an attribute such as client.ip, header.x-tenant, cookie.session or route", calls: [],
      canonical: { .string($0.description) },
      parse: { (text) throws(ValueProblem) in
        if text.hasPrefix("identity.") || text.hasPrefix("tls.") { throw .notInThisVersion }
        let attribute = try Attribute(parsing: text)
        switch attribute {
        case .path, .pathRest:
          throw ValueProblem(
            hint: "a caller would get a bucket for each path; take 'route' or a path parameter")
        default: return attribute
        }
      }
    ).mentioning { [.attribute($0)] }
  }
}
