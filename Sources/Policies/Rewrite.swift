// Changes the path that the upstream sees. What comes out is judged by the same rules as a path
// that a client sends, since a rewrite after the checks is how paths have slipped past them before.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

/// The `rewrite` policy.
package final class Rewrite: Admission {
  package struct Settings: Sendable {
    package var path: Template?
  }

  package static let manual = Manual(
    directive: "rewrite",
    summary: "Forwards another path; the query is kept unless 'path' has one of its own.",
    scopes: [.group, .route], inheritance: .atomic(slot: "rewrite"),
    defaults: Settings(),
    properties: [
      .template("path", \.path, "The path as the upstream sees it.").required
    ],
    examples: [
      Example(
        "a prefix is added, the query kept", config: "rewrite path=\"/internal{path}\"",
        .send("GET /orders?page=2", expect: .forwarded(path: "/internal/orders?page=2"))),
      Example(
        "a header's value cannot become a path segment",
        config: "rewrite path=\"/tenants/{header.x-tenant}/orders\"",
        .send(
          "GET /orders", fields: ["X-Tenant: a/../b"],
          expect: .refused(400, reason: "path_not_canonical"))),
    ],
    check: { settings in
      settings.path.flatMap(TemplateRules.problem(inPath:)).map {
        [SettingsProblem("path", "'path' \($0)")]
      } ?? []
    })

  package static let registration = Registration(.request, manual, off: nil) { settings, context in
    PolicyParts(admission: Rewrite(settings, parameterNames: context.parameterNames))
  }

  private let program: TemplateProgram?
  private var scratch = Output(capacity: 256)

  package init(_ settings: Settings, parameterNames: [String]) {
    program = settings.path.map { TemplateProgram($0, parameterNames: parameterNames) }
  }

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    let request = exchange.request
    scratch.clear()
    // Without its parameters there is nothing to forward either: no route took the request.
    guard let program, program.append(exchange, to: &scratch) else { return .pass }
    let pathCount = scratch.bytes.firstIndex(of: UInt8(ascii: "?"), from: 0)
    // Only the canonical spelling passes: what would have to be repaired was not meant.
    guard PathRules().verdict(on: scratch[0..<pathCount]) == .canonical else {
      throw .refused(.pathNotCanonical)
    }
    if !program.hasQuery, let query = request.query {
      scratch.append("?")
      scratch.append(request.text(query))
    }
    guard let target = request.fields.keep(scratch.bytes) else { throw .noRoomForFields }
    let start = Int(target.start)
    request.target = target
    request.path = TextRange(start: start, count: pathCount, isAdded: true)
    request.query =
      pathCount < scratch.count
      ? TextRange(
        start: start + pathCount + 1, count: scratch.count - pathCount - 1, isAdded: true) : nil
    return .pass
  }
}

extension Reason {
  /// The same token as for a path that came so from the client.
  fileprivate static let pathNotCanonical = Reason(
    "path_not_canonical", 400, "The path is not in canonical form.")
}
