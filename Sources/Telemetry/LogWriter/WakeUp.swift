// A wake-up call between threads that one side waits for with a deadline: an eventfd.

import CLinux
import Glibc

/// Counts calls until someone waits for them. Both sides may be any thread.
struct WakeUp: ~Copyable, Sendable {
  private let descriptor: Int32

  init() throws(LogFailure) {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard descriptor >= 0 else { throw LogFailure("eventfd", number: errno) }
  }

  deinit { _ = Glibc.close(descriptor) }

  func call() {
    // It fails only when 2^64 - 2 calls are pending, and then the waiter wakes anyway.
    _ = eventfd_write(descriptor, 1)
  }

  /// Waits for a call, for `milliseconds` at most or for ever when negative. Calls until now are
  /// used up.
  func wait(milliseconds: Int32) {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    var calls: eventfd_t = 0
    // One entry and one counter, on our stack, for the time of the calls.
    unsafe poll(&entry, 1, milliseconds)
    _ = unsafe eventfd_read(descriptor, &calls)
  }
}
