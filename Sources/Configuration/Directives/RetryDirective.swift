// `retry`: when a request is sent to its upstream again.

/// What is behind a try that is worth another one.
package enum RetryCondition: Sendable, Hashable, CustomStringConvertible {
  case connectFailure, reset, timeout
  case status(StatusRange)

  package var description: String {
    switch self {
    case .connectFailure: "connect-failure"
    case .reset: "reset"
    case .timeout: "timeout"
    case .status(let range): range.description
    }
  }
}

/// Methods that can be sent again.
package enum RetryMethod: String, Sendable, CaseIterable {
  case get = "GET"
  case head = "HEAD"
  case options = "OPTIONS"
  case put = "PUT"
  case delete = "DELETE"
  case query = "QUERY"
  case post = "POST"
  case patch = "PATCH"
}

package struct RetrySettings: Sendable {
  package var attempts = 2
  package var conditions: [RetryCondition] =
    [.connectFailure, .reset] + [502, 503, 504].map { .status(StatusRange($0...$0)) }
  package var backoff = SpanRange(.milliseconds(50), .milliseconds(500))
  package var budget = Percent.percent(20)
  package var methods: [RetryMethod] = [.get, .head, .options, .put, .delete]
  package var trustsKeys = false
  package var replay = ByteCount.kibibytes(64)
}

extension CoreDirectives {
  package static let retry = Manual<RetrySettings>(
    directive: "retry",
    summary: "Sends a request again, to another server where there is one. Never once a byte of "
      + "an answer has gone to the client, and never when the try could not end within "
      + "'timeout total='.",
    inheritance: .record(.off),
    defaults: RetrySettings(),
    properties: [
      .integer("attempts", \.attempts, in: 2...10, "Tries in all, the first one included."),
      .list(
        "on", \.conditions, of: .retryCondition,
        "'connect-failure': no connection; 'reset': it broke, or brought no HTTP, before an "
          + "answer began; 'timeout': no answer in time; and statuses."),
      .value(
        "backoff", \.backoff, .spanRange(in: .milliseconds(1) ... .seconds(30)),
        "The pause before a try is drawn from zero to a bound, which doubles from the first of "
          + "these to the last. A longer Retry-After is taken as no."),
      .value(
        "budget", \.budget, .percent,
        "Retries as a share of an upstream's requests over the last two seconds; three a second "
          + "are always allowed."),
      .list("methods", \.methods, of: .enumeration, "Methods that are sent again."),
      .flag(
        "idempotency-key", \.trustsKeys,
        "Whether POST and PATCH are sent again when they have an Idempotency-Key; they have to be "
          + "among the methods."),
      .size(
        "replay", \.replay, in: .bytes(0) ... .kibibytes(64),
        "Bytes of a request's body that are kept; a longer one is sent once."),
    ],
    examples: [
      Example("two tries", config: "retry"),
      Example(
        "an API that knows repeated orders",
        config: "retry attempts=3 methods=[GET POST] idempotency-key=on"),
    ],
    check: { settings in
      let risky = settings.methods.filter { $0 == .post || $0 == .patch }
      guard !risky.isEmpty, !settings.trustsKeys else { return [] }
      let names = risky.map(\.rawValue).joined(separator: " and ")
      return [
        SettingsProblem(
          "methods", "\(names) may be done twice when it is sent again",
          help: "add 'idempotency-key=on', and only requests that carry the key are sent again")
      ]
    })
}

extension ValueType where Wrapped == RetryCondition {
  static var retryCondition: ValueType {
    .described(
      "connect-failure, reset, timeout, a status such as 503 or a range such as 502..504",
      words: ["connect-failure", "reset", "timeout"], calls: []
    ) { (text) throws(ValueProblem) in
      switch text {
      case "connect-failure": return .connectFailure
      case "reset": return .reset
      case "timeout": return .timeout
      default:
        let range = try StatusRange(parsing: text)
        guard range.codes.lowerBound >= 400 else {
          throw ValueProblem("is an answer that nobody would ask for again")
        }
        return .status(range)
      }
    }
  }
}
