// Examples in manuals: documentation and tests at once. Configuration only carries them; the
// policies' test runs them.

/// A claim about a directive, a config that shows it, and requests with what must come of them.
package struct Example: Sendable {
  /// What the example shows, as a sentence without a full stop.
  package let claim: String
  /// Statements that stand in a route.
  package let config: String
  package let exchanges: [ExampleExchange]

  package init(_ claim: String, config: String, _ exchanges: ExampleExchange...) {
    self.claim = claim
    self.config = config
    self.exchanges = exchanges
  }
}

/// One request of an example and what must come of it.
package struct ExampleExchange: Sendable {
  /// Method and target, such as `POST /orders`.
  package let request: String
  /// Request fields as `name: value`.
  package let fields: [String]
  package let body: String
  package let expectation: ExampleExpectation

  package static func send(
    _ request: String, fields: [String] = [], body: String = "", expect: ExampleExpectation
  ) -> ExampleExchange {
    ExampleExchange(request: request, fields: fields, body: body, expectation: expect)
  }
}

/// What must come of a request.
package enum ExampleExpectation: Sendable {
  /// It reaches the upstream: at `path` when given, carrying `fields`, and nothing of `without`,
  /// which are names or whole lines. The client's answer carries `answer`.
  case forwarded(
    path: String? = nil, fields: [String] = [], without: [String] = [], answer: [String] = [])
  /// Sluice answers itself, as told.
  case answered(Int, fields: [String] = [], body: String? = nil)
  /// Sluice refuses, with a stable reason.
  case refused(Int, reason: String)
}

extension ExampleExpectation {
  /// It reaches the upstream, however it looks there.
  package static var forwarded: ExampleExpectation { .forwarded() }
}
