// `breaker`: when an upstream as a whole is given a rest.

package struct BreakerSettings: Sendable {
  package var errors = Percent.percent(50)
  package var requestsMin = 20
  package var window = TimeSpan.seconds(10)
  package var open = TimeSpan.seconds(15)
  package var probes = 3
  package var ramp = TimeSpan.seconds(5)
  package var consecutive = 0
  package var slow: TimeSpan?
  package var slowShare = Percent.percent(80)
}

extension CoreDirectives {
  static let breaker = Manual<BreakerSettings>(
    directive: "breaker",
    summary: "Stops to ask an upstream that fails too often: 503 with Retry-After at once, "
      + "'breaker_open'. After 'open=' a few probes go through, and when all end well a share "
      + "that grows to all. What 'outlier' counts as failures, and every 5xx but 501 and 505, "
      + "counts here.",
    scopes: [.upstream], inheritance: .none,
    defaults: BreakerSettings(),
    properties: [
      .value("errors", \.errors, .percent, "The share of failures in the window that opens it."),
      .integer(
        "min-requests", \.requestsMin, in: 1...1_000_000,
        "Requests in the window below which no share means anything."),
      .duration(
        "window", \.window, in: .seconds(1) ... .minutes(10), "What shares are taken over."),
      .duration(
        "open", \.open, in: .milliseconds(100) ... .hours(1), "How long it stays open."),
      .integer(
        "probes", \.probes, in: 1...1000, "Requests that must all end well before it closes."),
      .duration(
        "ramp", \.ramp, in: .zero ... .hours(1),
        "For so long after the probes a share goes through that grows from a tenth to all."),
      .integer(
        "consecutive", \.consecutive, in: 0...1_000_000,
        "Failures in a row that open it; 0 for never."),
      .duration(
        "slow", \.slow, in: .milliseconds(1) ... .hours(1),
        "From when on a request counts as slow; not said: none does."),
      .value(
        "slow-calls", \.slowShare, .percent, "The share of slow requests that opens it."),
    ],
    examples: [
      Example(
        "half of the requests fail",
        config: "breaker errors=50% min-requests=20 window=10s open=15s probes=3")
    ])
}
