// The pause before another try: exponential with full jitter, so that clients that failed together
// do not come back together.

import Bytes
import Engine
import HTTPMessage
import PolicyChain

enum Backoff {
  /// Milliseconds before the try with this number; the first retry is number 1.
  static func pause(before retry: Int, in range: ClosedRange<UInt64>, random: UInt64) -> UInt64 {
    let shift = UInt64(min(max(retry - 1, 0), 20))
    let (grown, isTooLong) = range.lowerBound.multipliedReportingOverflow(by: 1 << shift)
    let most = isTooLong ? range.upperBound : min(grown, range.upperBound)
    return random.multipliedFullWidth(by: most &+ 1).high
  }

  /// Milliseconds that the answer asks to wait; nil when it does not say, or says it as a date,
  /// which needs two clocks that agree. RFC 9110 section 10.2.3.
  static func retryAfter(_ response: ResponseHead) -> UInt64? {
    let fields = response.fields
    guard let index = fields.first(.retryAfter) else { return nil }
    let text = fields.value(at: index)
    guard !text.isEmpty else { return nil }
    var seconds: UInt64 = 0
    for position in text.indices {
      guard ASCII.isDigit(text[position]) else { return nil }
      // A thousand years are as good as more.
      seconds = min(seconds * 10 + UInt64(text[position] - 0x30), 1 << 40)
    }
    return seconds * 1_000
  }
}
