// Refuses request bodies over a size: by their declared length at once, and as they stream. RFC
// 9110 section 15.5.14.

import Configuration
import HTTPMessage
import PolicyChain

/// The `body` policy. What is declared is refused here; the body's source counts the rest as it is
/// pulled and refuses at the first byte too many.
package final class BodyLimit: Admission {
  package struct Settings: Sendable {
    package var max = ByteCount.mebibytes(1)
  }

  package static let manual = Manual(
    directive: "body",
    summary: "Refuses request bodies larger than 'max' with 413, also when they are chunked.",
    defaults: Settings(),
    properties: [
      .size("max", \.max, in: .bytes(0) ... .gibibytes(64), "Bytes of one request body.")
    ],
    examples: [
      Example(
        "a body over the limit is refused before it is forwarded", config: "body max=4B",
        .send("POST /", body: "12345", expect: .refused(413, reason: "body_too_large"))),
      Example(
        "a body at the limit passes", config: "body max=4B",
        .send("POST /", body: "1234", expect: .forwarded)),
    ])

  package static let registration = Registration(.request, manual, off: nil) { settings, _ in
    PolicyParts(admission: BodyLimit(settings))
  }

  private let max: UInt64

  package init(_ settings: Settings) { max = UInt64(settings.max.bytes) }

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    if case .length(let declared) = exchange.request.framing, declared > max {
      throw .refused(.bodyTooLarge)
    }
    exchange.requestBodyMax = max
    return .pass
  }
}
