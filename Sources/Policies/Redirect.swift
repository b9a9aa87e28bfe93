// Sends clients elsewhere. RFC 9110 section 15.4.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

/// The `redirect` action.
package final class Redirect: Destination {
  package enum Status: String, Sendable, CaseIterable {
    case movedPermanently = "301"
    case found = "302"
    case seeOther = "303"
    case temporary = "307"
    case permanent = "308"

    var code: UInt16 { UInt16(rawValue) ?? 308 }
  }

  package struct Settings: Sendable {
    package var target: Template?
    package var status = Status.permanent
  }

  package static let manual = Manual(
    directive: "redirect",
    summary: "Answers with a redirect; the query goes along unless 'to' has one of its own.",
    scopes: [.group, .route], inheritance: .action,
    defaults: Settings(),
    properties: [
      .template("to", \.target, "Where to: a URL, or a path on the same host.").required,
      .enumeration(
        "status", \.status, "307 and 308 keep the method, 301 and 302 may turn it into GET."),
    ],
    examples: [
      Example(
        "an old host moves, path and query kept",
        config: "redirect to=\"https://www.example.com{path}\"",
        .send(
          "GET /a%20b?q=1",
          expect: .answered(308, fields: ["location: https://www.example.com/a%20b?q=1"]))),
      Example(
        "a query of its own replaces the client's",
        config: "redirect to=\"/search?q={query.term}\" status=302",
        .send(
          "GET /find?term=a%26b+c&x=1",
          expect: .answered(302, fields: ["location: /search?q=a%26b+c"]))),
    ],
    check: { settings in
      settings.target.flatMap(TemplateRules.problem(inURL:)).map {
        [SettingsProblem("to", "'to' \($0)")]
      } ?? []
    })

  package static let registration = Registration(.upstream, manual, off: nil) { settings, context in
    PolicyParts(destination: Redirect(settings, parameterNames: context.parameterNames))
  }

  private let program: TemplateProgram?
  private let status: UInt16
  private var scratch = Output(capacity: 256)

  package init(_ settings: Settings, parameterNames: [String]) {
    program = settings.target.map { TemplateProgram($0, parameterNames: parameterNames) }
    status = settings.status.code
  }

  package func respond(to exchange: Exchange) async throws(Failure) {
    scratch.clear()
    // A route's own parameters are always there when it was matched by its path.
    guard let program, program.append(exchange, to: &scratch) else {
      throw Failure(
        .internalError, origin: .gateway, retry: .never, detail: "the redirect has no target")
    }
    let request = exchange.request
    if !program.hasQuery, let query = request.query {
      scratch.append("?")
      scratch.append(request.text(query))
    }
    guard FieldSyntax.isValue(scratch.bytes) else {
      throw Failure(
        .internalError, origin: .gateway, retry: .never, detail: "the redirect's target is no URL")
    }
    exchange.answer(status: status, contentType: nil, body: [])
    exchange.add(.location, scratch)
  }
}
