// What every connection of a listener is held to: `limits`, `path`, `underscore`, `half-close`.
// `defaults` may say them for all listeners. The numbers are HARDENING.md's.

package struct LimitSettings: Sendable {
  package var connections = 10_000
  package var perClient = 256
  package var headBytes = ByteCount.kibibytes(32)
  package var fields = 100
  package var lineBytes = ByteCount.kibibytes(8)
  package var headTimeout = TimeSpan.seconds(10)
  package var bytesPerSecondMin = ByteCount.bytes(500)
  package var writeStall = TimeSpan.seconds(30)
  package var ageMax = TimeSpan.hours(1)
  package var requests = 1000
  package var streams = 100
  package var streamWindow = ByteCount.kibibytes(64)
  package var connectionWindow = ByteCount.mebibytes(1)
}

package enum PathRule: String, Sendable, CaseIterable {
  case strict
}

package enum PathRepair: String, Sendable, CaseIterable {
  case dots, slashes
}

package struct PathSettings: Sendable {
  package var rule: PathRule?
  package var repairs: [PathRepair] = []
}

package enum UnderscoreRule: String, Sendable, CaseIterable {
  case drop, refuse, keep
}

package struct UnderscoreSettings: Sendable {
  package var rule = UnderscoreRule.drop
}

package struct HalfCloseSettings: Sendable {
  package var isAllowed = false
}

extension CoreDirectives {
  private static let scopes: [Scope] = [.defaults, .listener]

  static let limits = Manual<LimitSettings>(
    directive: "limits", summary: "What one connection, and all of a listener, may take.",
    scopes: scopes, inheritance: .record(.on),
    defaults: LimitSettings(),
    properties: [
      .integer("connections", \.connections, in: 1...1_000_000, "Connections of the listener."),
      .integer("per-client", \.perClient, in: 1...1_000_000, "Connections of one address."),
      .size("head", \.headBytes, in: .kibibytes(1) ... .mebibytes(1), "Bytes of a request head."),
      .integer("fields", \.fields, in: 1...1000, "Fields of a head, cookie crumbs counted."),
      .size("line", \.lineBytes, in: .bytes(512) ... .kibibytes(64), "Bytes of one line."),
      .duration(
        "head-timeout", \.headTimeout, in: .milliseconds(100) ... .minutes(5),
        "From the first byte of a head to its end."),
      .size(
        "min-rate", \.bytesPerSecondMin, in: .bytes(0) ... .mebibytes(1),
        "Bytes of a body per second, sent or read by the client, after five seconds."),
      .duration(
        "write-stall", \.writeStall, in: .seconds(1) ... .minutes(10),
        "How long a client may take nothing of its answer."),
      .duration(
        "max-age", \.ageMax, in: .seconds(1) ... .days(7),
        "Age at which a connection is closed after its answer."),
      .integer("requests", \.requests, in: 1...1_000_000_000, "Requests of one connection."),
      .integer(
        "streams", \.streams, in: 1...1000, "Requests of one HTTP/2 connection at the same time."),
      .size(
        "stream-window", \.streamWindow, in: .kibibytes(16) ... .kibibytes(64),
        "Bytes of one HTTP/2 request's body that may wait here to be forwarded."),
      .size(
        "connection-window", \.connectionWindow, in: .kibibytes(64) ... .mebibytes(64),
        "The same for all requests of an HTTP/2 connection together."),
    ],
    examples: [Example("small heads", config: "limits head=16KiB line=4KiB")],
    check: { settings in
      settings.lineBytes <= settings.headBytes
        ? []
        : [
          SettingsProblem(
            "line", "a line of \(settings.lineBytes) cannot fit a head of \(settings.headBytes)")
        ]
    })

  static let path = Manual<PathSettings>(
    directive: "path",
    summary: "What becomes of a path that has more than one spelling; refused unless said.",
    scopes: scopes, inheritance: .atomic(slot: "path"),
    arguments: [.enumeration("rule", \.rule, "'strict' refuses it with 400.").optional],
    defaults: PathSettings(),
    properties: [
      .list(
        "normalize", \.repairs, of: .enumeration,
        "Rewritten before matching, and forwarded so: 'dots' are dot segments, 'slashes' are '//'.")
    ],
    examples: [Example("dot segments are resolved", config: "path normalize=[dots]")],
    check: { settings in
      (settings.rule == nil) != settings.repairs.isEmpty
        ? []
        : [
          SettingsProblem(
            settings.rule == nil ? "normalize" : "rule",
            "'path' takes either 'strict' or 'normalize=[...]'")
        ]
    })

  static let underscore = Manual<UnderscoreSettings>(
    directive: "underscore",
    summary: "What becomes of field names with '_' or '.', which upstreams may take for others.",
    scopes: scopes, inheritance: .atomic(slot: "underscore"),
    arguments: [.enumeration("rule", \.rule, "'drop' removes and counts them.")],
    defaults: UnderscoreSettings(), properties: [],
    examples: [Example("a request with one is refused", config: "underscore refuse")])

  static let halfClose = Manual<HalfCloseSettings>(
    directive: "half-close",
    summary: "Whether a client that closed its side may still get its answer.",
    scopes: scopes, inheritance: .atomic(slot: "half-close"),
    arguments: [.flag("allowed", \.isAllowed, "'off' takes it for gone.")],
    defaults: HalfCloseSettings(), properties: [],
    examples: [Example("old clients are waited for", config: "half-close on")])
}
