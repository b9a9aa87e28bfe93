// Keeps a request in its trace, or starts one. W3C Trace Context Level 2. Spans are not recorded
// yet; the ids are, in the access log.

import Bytes
import HTTPMessage
import PolicyChain

/// Sends `traceparent` to the upstream with our own span as the parent: the client's trace goes on
/// when it is valid, else a new one begins and `tracestate` with it ends.
package final class TraceContext: Admission {
  private var scratch = Output(capacity: 64)

  package init() {}

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    let fields = exchange.request.fields
    let random = exchange.services.random
    scratch.clear()
    let isKept = appendKept(from: fields, random)
    if !isKept { appendNew(random) }
    if fields.present.contains(.tracestate), !isKept || !TraceState.isValid(in: fields) {
      fields.remove(.tracestate)
    }
    fields.remove(.traceparent)
    guard fields.add(.traceparent, scratch), let entry = fields.entries.last else {
      throw .noRoomForFields
    }
    let start = entry.value.lowerBound
    exchange.traceID = TextRange(start: start + 3, count: 32, isAdded: true)
    exchange.spanID = TextRange(start: start + 36, count: 16, isAdded: true)
    return .pass
  }

  /// Appends the client's trace with a new span. False when it sent none, several, or a bad one.
  private func appendKept(from fields: FieldSection, _ random: any RandomSource) -> Bool {
    guard let index = fields.first(.traceparent), fields.count(of: .traceparent) == 1,
      let parent = TraceParent(fields.value(at: index))
    else { return false }
    scratch.append("00-")
    scratch.append(fields.value(at: index).extracting(TraceParent.traceID))
    scratch.append("-")
    scratch.append(hex: Self.nonZero(random), width: 16)
    scratch.append("-0")
    // Flags that this version does not define go on as zero: section 3.2.2.5.
    scratch.append(decimal: (parent.isSampled ? 1 : 0) + (parent.isRandom ? 2 : 0))
    return true
  }

  private func appendNew(_ random: any RandomSource) {
    scratch.append("00-")
    scratch.append(hex: random.next(), width: 16)
    // One half that is not zero keeps the whole id from being it.
    scratch.append(hex: Self.nonZero(random), width: 16)
    scratch.append("-")
    scratch.append(hex: Self.nonZero(random), width: 16)
    scratch.append("-02")
  }

  private static func nonZero(_ random: any RandomSource) -> UInt64 { max(random.next(), 1) }
}
