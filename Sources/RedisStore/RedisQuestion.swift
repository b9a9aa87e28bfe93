// A command that waits for its reply.

import Engine
import RESP

/// One command in the order in which the server answers. It stays in line when nobody waits for it
/// any more: its reply will come all the same.
final class RedisQuestion {
  let deadline: Instant
  private var asker: Waiter?
  private(set) var reply: Reply?
  private(set) var isOver = false

  init(deadline: Instant, asker: Waiter) {
    self.deadline = deadline
    self.asker = asker
  }

  /// Ends the wait; without a reply when there will be none.
  func end(with reply: Reply?) {
    guard !isOver else { return }
    isOver = true
    self.reply = reply
    asker?.signal()
    asker = nil
  }

  /// Nobody waits for it any more.
  func forget() {
    isOver = true
    asker = nil
  }
}
