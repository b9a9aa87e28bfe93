// Lets requests pass that meet a condition: attributes of the request, compared.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

/// The `allow` policy: one statement. Those of all scopes must hold, so that an inner one only
/// narrows.
package final class Allow: Admission {
  package struct Settings: Sendable {
    package var condition: Expression?
    package var isShadow = false
  }

  package static let manual = Manual(
    directive: "allow",
    summary: "Refuses requests with 403 unless a condition holds; those of all scopes must.",
    inheritance: .conjunction, isRepeatable: true,
    defaults: Settings(),
    properties: [
      .value(
        "when", \.condition, .expression,
        "The condition. What a request lacks, or has twice, is neither equal nor unequal: 403."
      ).required,
      .flag("shadow", \.isShadow, "Decide and log 'would_deny', but let pass."),
    ],
    examples: [
      Example(
        "a field must say what the path says",
        config: "allow when=\"path matches-prefix '/orders' and header.x-team == 'orders'\"",
        .send("GET /orders/1", fields: ["X-Team: orders"], expect: .forwarded),
        .send(
          "GET /orders/1", fields: ["X-Team: billing"],
          expect: .refused(403, reason: "not_allowed")),
        .send("GET /orders/1", expect: .refused(403, reason: "not_allowed"))),
      Example(
        "a field that stands twice has no value",
        config: "allow when=\"not header.x-role == 'guest'\"",
        .send("GET /", fields: ["X-Role: admin"], expect: .forwarded),
        .send(
          "GET /", fields: ["X-Role: admin", "X-Role: guest"],
          expect: .refused(403, reason: "not_allowed"))),
      Example(
        "writing from inside, on workdays",
        config: "allow when=\"method in ['GET' 'HEAD'] or (client.ip in [198.51.100.0/24] and "
          + "not time.weekday in ['sat' 'sun'] and time.of-day > 07:30)\"",
        .send("POST /", expect: .forwarded)),
      Example(
        "a rule on trial lets pass what it would refuse",
        config: "allow when=\"has header.x-key\" shadow=on", .send("GET /", expect: .forwarded)),
    ])

  package static let registration = Registration(.afterIdentity, manual, off: nil) {
    settings, context in
    PolicyParts(
      admission: settings.condition.map {
        Allow(
          $0, isShadow: settings.isShadow, place: context.place,
          parameterNames: context.parameterNames)
      })
  }

  private let program: ConditionProgram
  private let unmet: Denial
  private let unknown: Denial

  /// - Parameters:
  ///   - place: where the statement is written, for the log.
  ///   - parameterNames: the route's path parameters in the order of their slots.
  package init(
    _ condition: Expression, isShadow: Bool, place: String, parameterNames: [String]
  ) {
    program = ConditionProgram(condition, parameterNames: parameterNames)
    let rule = Array("allow \(place)".utf8)
    func denial(_ cause: DenyCause) -> Denial {
      Denial(
        cause: cause, rule: rule, identity: nil, isShadow: isShadow, isOfCredentials: false)
    }
    unmet = denial(.conditionUnmet)
    unknown = denial(.conditionUnknown)
  }

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    switch program.judge(exchange) {
    case .yes: .pass
    case .no: try exchange.deny(unmet, .notAllowed)
    case .unknown: try exchange.deny(unknown, .notAllowed)
    }
  }
}

extension DenyCause {
  fileprivate static let conditionUnmet = DenyCause("condition_not_met")
  /// The request lacks what the condition asks for, or has it more than once.
  fileprivate static let conditionUnknown = DenyCause("condition_unknown")
}

extension Reason {
  fileprivate static let notAllowed = Reason(
    "not_allowed", 403, "This request is not allowed here.")
}
