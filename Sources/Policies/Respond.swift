// Answers by itself, with a fixed text.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

/// The `respond` action.
package final class Respond: Destination {
  package struct Settings: Sendable {
    package var status = 200
    package var body = ""
    package var type = "text/plain; charset=utf-8"

    package init() {}

    package init(status: Int, body: String, type: String) {
      self.status = status
      self.body = body
      self.type = type
    }
  }

  package static let manual = Manual(
    directive: "respond",
    summary: "Answers with a fixed status and body; no upstream is asked.",
    scopes: [.group, .route], inheritance: .action,
    arguments: [.integer("status", \.status, in: 200...599, "The status of the answer.")],
    defaults: Settings(),
    properties: [
      .text("body", \.body, "The body; file(...) takes it from a file."),
      .value("type", \.type, .mediaType, "The body's media type."),
    ],
    examples: [
      Example(
        "a fixed document",
        config: "respond 200 body=\"{\\\"hello\\\":true}\" type=application/json",
        .send(
          "GET /",
          expect: .answered(
            200, fields: ["content-type: application/json"], body: "{\"hello\":true}"))),
      Example(
        "nothing but a status", config: "respond 204", .send("GET /", expect: .answered(204))),
    ],
    check: { settings in
      guard !settings.body.isEmpty, [204, 205, 304].contains(settings.status) else { return [] }
      return [SettingsProblem("body", "an answer of \(settings.status) has no body")]
    })

  package static let registration = Registration(.upstream, manual, off: nil) { settings, _ in
    PolicyParts(destination: Respond(settings))
  }

  private let status: UInt16
  private let body: [UInt8]
  private let type: [UInt8]

  package init(_ settings: Settings) {
    status = UInt16(settings.status)
    body = Array(settings.body.utf8)
    type = Array(settings.type.utf8)
  }

  package func respond(to exchange: Exchange) async throws(Failure) {
    exchange.answer(status: status, contentType: nil, body: body)
    if !body.isEmpty { exchange.add(.contentType, type) }
  }
}
