// `fallback`: what answers a route while the breaker of its upstream is open.

import Bytes

package struct FallbackSettings: Sendable {
  package var upstream: String?
  package var status: Int?
  package var body = ""
  package var type = "text/plain; charset=utf-8"
}

extension CoreDirectives {
  package static let fallback = Manual<FallbackSettings>(
    directive: "fallback",
    summary: "What answers in place of 503 'breaker_open' while the breaker of a route's upstream "
      + "is open: another upstream, or a fixed text.",
    inheritance: .record(.off),
    defaults: FallbackSettings(),
    properties: [
      .reference("to", \.upstream, to: .upstream, "The upstream that is asked instead."),
      .integer("respond", \.status, in: 200...599, "The status of a fixed answer."),
      .text("body", \.body, "The body of that answer; file(...) takes it from a file."),
      .value("type", \.type, .mediaType, "The body's media type."),
    ],
    examples: [
      Example(
        "an empty list is better than none",
        config: "fallback respond=200 body=\"[]\" type=application/json")
    ],
    check: { settings in
      switch (settings.upstream, settings.status) {
      case (nil, nil):
        return [SettingsProblem("to", "'fallback' needs 'to=' or 'respond='")]
      case (_?, _?):
        return [
          SettingsProblem(
            "respond", "'to=' and 'respond=' rule each other out",
            help: "'fallback reset ...' drops what was inherited")
        ]
      case (_?, nil) where !settings.body.isEmpty:
        return [SettingsProblem("body", "the upstream of 'to=' answers with its own body")]
      case (nil, let status?)
      where !settings.body.isEmpty && [204, 205, 304].contains(status):
        return [SettingsProblem("body", "an answer of \(status) has no body")]
      default: return []
      }
    })
}

extension ValueType where Wrapped == String {
  /// A media type, RFC 9110 section 8.3.1, perhaps with parameters.
  package static var mediaType: ValueType {
    ValueType(
      "a media type such as application/json", calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)[0]
          .split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isToken) }),
          text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), text.last != " "
        else { throw ValueProblem() }
        return text
      })
  }

  /// RFC 9110 section 5.6.2.
  static func isToken(_ byte: UInt8) -> Bool {
    ASCII.isLetter(byte) || ASCII.isDigit(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}
