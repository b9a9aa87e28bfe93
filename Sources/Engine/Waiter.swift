// The one way to wait on a loop: park until something happens, a deadline passes, or the owner
// cancels. A waiter belongs to one task. Sockets, grants and timers point at it; each wakes it, and
// the task looks what changed.

import Bytes

/// Parks one task at a time on its loop.
///
/// A signal that comes before the task has parked is kept, so no wake-up is lost. A task must
/// therefore look at its conditions again after each wake-up: there may be none that changed.
@safe public final class Waiter: TimerTarget {
  public enum Wake: Sendable { case signalled, timedOut, cancelled }

  private let loop: EventLoop
  private let continuation = unsafe Lent<UnsafeContinuation<Wake, Never>?>(nil)
  private let state = Cell(State())

  private struct State: BitwiseCopyable {
    var isSignalled = false
    var isCancelled = false
    /// Whether there is a continuation.
    var isParked = false
    var deadline = Instant.never
    var timerEntry: TimerWheel.Entry?
  }

  private var isSignalled: Bool {
    get { state.value.isSignalled }
    set { state[\.isSignalled] = newValue }
  }
  /// Whether the owner asked this task to end. It stays so until `reset`.
  public private(set) var isCancelled: Bool {
    get { state.value.isCancelled }
    set { state[\.isCancelled] = newValue }
  }
  public private(set) var deadline: Instant {
    get { state.value.deadline }
    set { state[\.deadline] = newValue }
  }
  public var timerEntry: TimerWheel.Entry? {
    get { state.value.timerEntry }
    set { state[\.timerEntry] = newValue }
  }

  public init(on loop: EventLoop) {
    self.loop = loop
  }

  /// Wakes this waiter from other threads.
  public var remote: RemoteSignal { RemoteSignal(to: self, on: loop) }

  public var isParked: Bool { state.value.isParked }

  /// The loop's clock as of this turn.
  public var now: Instant { loop.now }

  /// Parks until `signal`, `cancel` or the deadline. The loop must be the current one.
  public func wait(until deadline: Instant) async -> Wake {
    if isCancelled { return .cancelled }
    if isSignalled {
      isSignalled = false
      return .signalled
    }
    // Resumed exactly once: `wake` takes the continuation out before it resumes it. This form of
    // the call stays where its caller is; the other one makes a hop to its own actor first, which
    // goes nowhere and takes the task's lock twice.
    return unsafe await _unsafeInheritExecutor_withUnsafeContinuation { continuation in
      precondition(!isParked, "One task waits at a time.")
      // The first suspension of a task may hop: what was signalled on the way counts.
      if isCancelled {
        unsafe continuation.resume(returning: .cancelled)
      } else if isSignalled {
        isSignalled = false
        unsafe continuation.resume(returning: .signalled)
      } else {
        unsafe self.continuation { unsafe $0 = continuation }
        state[\.isParked] = true
        self.deadline = deadline
        loop.arm(self)
      }
    }
  }

  /// Parks for `milliseconds`, or until cancelled; signals do not end it early.
  public func sleep(milliseconds: UInt64) async -> Wake {
    let end = loop.now.advanced(milliseconds: milliseconds)
    while true {
      let wake = await wait(until: end)
      if wake != .signalled { return wake }
    }
  }

  /// Wakes the task, now or as soon as it parks.
  public func signal() {
    if isParked { wake(.signalled) } else { isSignalled = true }
  }

  /// Wakes the task, and makes every later wait end at once, until `reset`.
  public func cancel() {
    isCancelled = true
    if isParked { wake(.cancelled) }
  }

  /// Makes the waiter fit for its next use.
  public func reset() {
    precondition(!isParked, "A waiter in use is not reset.")
    isSignalled = false
    isCancelled = false
  }

  /// Takes the waiter off its loop's wheel, before its owner lets it go.
  public func retire() {
    deadline = .never
    loop.disarm(self)
  }

  public func deadlinePassed() {
    if isParked { wake(.timedOut) }
  }

  private func wake(_ wake: Wake) {
    guard let parked = unsafe continuation({ unsafe $0.take() }) else { return }
    state[\.isParked] = false
    deadline = .never
    unsafe parked.resume(returning: wake)
  }
}
