// OpenSSL's per-thread queue of errors. Whoever sees a call fail empties it, since a leftover entry
// would be taken for the next connection's failure.

import COpenSSL

package enum ErrorQueue {
  /// The first error of the queue, or 0; the queue is empty afterwards.
  package static func take() -> UInt {
    let first = ERR_get_error()
    ERR_clear_error()
    return first
  }

  /// Forgets what succeeded calls may have left. Costs a thread-local read when there is nothing.
  package static func clear() {
    if ERR_peek_error() != 0 { ERR_clear_error() }
  }

  package static var isEmpty: Bool { ERR_peek_error() == 0 }

  /// OpenSSL's words for a packed error code, empty for 0.
  package static func text(_ code: UInt) -> String {
    guard code != 0 else { return "" }
    // The library keeps these words for as long as the process runs.
    guard let words = unsafe ERR_reason_error_string(code) else { return "error \(code)" }
    return unsafe String(cString: words)
  }
}
