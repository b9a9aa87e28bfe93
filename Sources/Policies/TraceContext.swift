// Keeps a request in its trace, or starts one. W3C Trace Context Level 2. Spans are not recorded
// yet; the ids are, in the access log.

import Bytes
import HTTPMessage
import PolicyChain

/// Sends `traceparent` to the upstream with our own span as the parent: the client's trace goes on
/// when it is valid, else a new one begins and `tracestate` with it ends.
package final class TraceContext: Admission {
  /// The client's trace: where its field stands, and what it says.
  private struct Kept {
    let index: Int
    let parent: TraceParent
  }

  package init() {}

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    let fields = exchange.request.fields
    let random = exchange.services.random
    let kept = Self.kept(from: fields)
    if fields.present.contains(.tracestate), kept == nil || !TraceState.isValid(in: fields) {
      fields.remove(.tracestate)
    }
    // What is removed can still be read.
    fields.remove(.traceparent)
    let value = fields.add(.traceparent) { line in
      line.append("00-")
      if let kept {
        line.append(fields.value(at: kept.index).extracting(TraceParent.traceID))
      } else {
        line.append(sixteenHexDigits: random.next())
        // One half that is not zero keeps the whole id from being it.
        line.append(sixteenHexDigits: Self.nonZero(random))
      }
      line.append("-")
      line.append(sixteenHexDigits: Self.nonZero(random))
      line.append("-0")
      // A new trace's right half is random; flags that this version does not define go on as zero:
      // section 3.2.2.5.
      line.append(decimal: kept.map { $0.parent.flags } ?? 2)
    }
    guard let value else { throw .noRoomForFields }
    let start = Int(value.start)
    exchange.traceID = TextRange(start: start + 3, count: 32, isAdded: true)
    exchange.spanID = TextRange(start: start + 36, count: 16, isAdded: true)
    return .pass
  }

  /// The client's trace; nil when it sent none, several, or a bad one.
  private static func kept(from fields: FieldSection) -> Kept? {
    guard let index = fields.first(.traceparent), fields.count(of: .traceparent) == 1,
      let parent = TraceParent(fields.value(at: index))
    else { return nil }
    return Kept(index: index, parent: parent)
  }

  private static func nonZero(_ random: any RandomSource) -> UInt64 { max(random.next(), 1) }
}
