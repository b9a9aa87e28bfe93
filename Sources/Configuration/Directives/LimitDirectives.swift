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
  package var key: [KeyPart] = []
  package var fallbackKey: [KeyPart] = []
  package var store = BucketStore.local
  /// Nil: as the store says.
  package var onFailure: StoreFailureMode?
  /// The claim that says which tier a caller is of.
  package var tier: KeyPart?
  /// Rates of tiers by their names, and their bursts.
  package var tierRates: [Named<[Rate]>] = []
  package var tierBursts: [Named<[Int]>] = []

  /// What callers of one tier have in place of the bucket's own rate.
  package struct Tier: Sendable, Hashable {
    package let name: String
    package let rate: Rate
    /// Nil: as many as the rate's number.
    package let burst: Int?
  }

  /// The tiers, in the order of their names.
  package var tiers: [Tier] {
    tierRates.compactMap { named in
      guard let rate = named.value.first else { return nil }
      let burst = tierBursts.first { $0.name == named.name }?.value.first
      return Tier(name: named.name, rate: rate, burst: burst)
    }.sorted { $0.name < $1.name }
  }

  /// Whether it counts callers, and so stands behind `auth`.
  package var needsIdentity: Bool { tier != nil || key.contains(where: \.needsIdentity) }

  /// Tokens that a request may cost at most; zero for a bucket that says nothing.
  package var tokensMax: Int {
    let ofRate = rate.map { burst ?? $0.count } ?? .max
    let ofTiers = tiers.map { $0.burst ?? $0.rate.count }.min() ?? .max
    let most = min(ofRate, ofTiers, quota?.count ?? .max)
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
  /// Tiers of one bucket, times those of the others: each combination is a set of limits.
  package static let tierCombinationsMax = 64
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
      .value(
        "tier", \.tier, .tierClaim,
        "The claim that says which tier a caller is of; API keys have identity.claims.tier."),
      .family(
        "rate", \.tierRates, of: ValueType.rate.literal,
        "The rate of a tier; callers of no other tier have the bucket's own."),
      .family(
        "burst", \.tierBursts, of: ValueType.integer(in: 1...1_000_000_000).literal,
        "The burst of a tier; unless said, as many as its rate's number."),
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
    later: ["lease"],
    examples: [
      Example(
        "fifty a second for each client",
        config: "bucket per-ip rate=50/s burst=100 key=[client.ip]"),
      Example(
        "a day's quota for each tenant",
        config: "bucket daily quota=10000/d key=[header.x-tenant] fallback-key=[client.ip]"),
      Example(
        "a rate for each caller, ten times as high for those who pay",
        config: "bucket per-user rate=600/m key=[identity.subject] tier=identity.claims.tier "
          + "rate.pro=6000/m burst.pro=600"),
    ],
    check: { problems(of: $0) + tierProblems(of: $0) })

  private static func tierProblems(of settings: BucketSettings) -> [SettingsProblem] {
    let tiers = settings.tiers
    if settings.tier == nil {
      let named =
        tiers.first.map { "rate.\($0.name)" }
        ?? settings.tierBursts.first.map {
          "burst.\($0.name)"
        }
      guard let named else { return [] }
      return [SettingsProblem(named, "a tier needs 'tier=', which says whose it is")]
    }
    guard settings.rate != nil else {
      return [SettingsProblem("tier", "callers of no tier need a 'rate='")]
    }
    if tiers.isEmpty { return [SettingsProblem("tier", "'tier' needs a 'rate.NAME=' at least")] }
    var problems: [SettingsProblem] = []
    for burst in settings.tierBursts where !tiers.contains(where: { $0.name == burst.name }) {
      problems.append(
        SettingsProblem("burst.\(burst.name)", "'burst.\(burst.name)' belongs to a rate"))
    }
    for tier in tiers where !isCountable(tier.rate, burst: tier.burst ?? tier.rate.count) {
      problems.append(
        SettingsProblem(
          "rate.\(tier.name)", "the tier's burst is more than can be counted exactly",
          help: "a smaller burst, or a rate with a rounder number"))
    }
    for rate in settings.tierRates where rate.value.count != 1 {
      problems.append(SettingsProblem("rate.\(rate.name)", "a tier has one rate"))
    }
    for burst in settings.tierBursts where burst.value.count != 1 {
      problems.append(SettingsProblem("burst.\(burst.name)", "a tier has one burst"))
    }
    return problems
  }

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
    if settings.fallbackKey.contains(where: \.needsIdentity) {
      problems.append(
        SettingsProblem("fallback-key", "'fallback-key' is for requests that nobody is known for"))
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
