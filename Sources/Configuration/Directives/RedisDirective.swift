// `redis`: a store of buckets that several gateways share.

/// What becomes of requests when a store does not answer.
package enum StoreFailureMode: String, Sendable, CaseIterable {
  /// This gateway counts its share of the limit by itself.
  case local
  case allow
  /// 503: nobody passes who was not counted.
  case deny
}

package struct RedisSettings: Sendable, Hashable {
  package var name = ""
  package var url: RedisURL?
  package var password: Secret?
  package var authorityPath: String?
  package var timeout = TimeSpan.milliseconds(20)
  package var onFailure = StoreFailureMode.local
}

extension LimitDirectives {
  package static let redis = Manual<RedisSettings>(
    directive: "redis", summary: "A Redis in which several gateways count together.",
    scopes: [.top], inheritance: .none, defines: .redis,
    arguments: [.value("name", \.name, .name, "Its name.")],
    defaults: RedisSettings(),
    properties: [
      .value(
        "url", \.url, .redisURL,
        "redis://[USER@]HOST[:PORT][/DATABASE]; rediss:// speaks TLS and verifies the server."
      ).required,
      .secret("password", \.password, "What AUTH sends."),
      .path("ca", \.authorityPath, "Authorities to trust instead of the system's."),
      .duration(
        "timeout", \.timeout, in: .milliseconds(1) ... .seconds(10),
        "How long a request waits for an answer."),
      .enumeration("on-failure", \.onFailure, "What holds while it does not answer."),
    ],
    examples: [
      Example(
        "one for all gateways",
        config: "redis main url=\"rediss://gateway@redis.internal:6380\" "
          + "password=secret(\"file:redis.pw\") timeout=20ms on-failure=local")
    ],
    check: { settings in
      guard settings.authorityPath != nil, settings.url?.isSecure == false else { return [] }
      return [SettingsProblem("ca", "'ca' belongs to a rediss:// URL")]
    })
}

extension ValueType where Wrapped == RedisURL {
  static var redisURL: ValueType {
    .described("a URL such as redis://127.0.0.1:6379 or rediss://user@host:6380/0") {
      (text) throws(ValueProblem) in try RedisURL(parsing: text)
    }
  }
}
