// One thread's loop: epoll, timers and the jobs of Swift concurrency. It is both the serial
// executor of the actor that lives on it and the task executor of every task there, so that a
// resume is one append (docs/decisions/0001).

import Bytes
import CLinux
import Glibc
import Synchronization

/// An edge-triggered epoll loop that runs on one thread.
///
/// Everything but `enqueue`, `post` and `stop` is called on the loop's own thread, which the actor
/// on top of it guarantees; that, and the lock around `inbox`, is why it may be `@unchecked
/// Sendable`.
@safe public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
  /// What other threads hand over.
  private struct Inbox {
    var jobs: [UnownedJob] = []
    var mail: [@Sendable () -> Void] = []
    var isAsleep = false
    var isStopping = false

    /// Whether the loop sleeps and nobody woke it yet; the caller then does.
    mutating func wakeOnce() -> Bool {
      defer { isAsleep = false }
      return isAsleep
    }
  }

  /// Jobs are run for so many rounds before sockets are looked at again: new work cannot starve
  /// them.
  private static let roundsMax = 16
  /// Events taken from the kernel by one call.
  private static let eventsMax = 512

  private let epoll: Int32
  private let wakeup: Int32
  private let inbox = Locked(Inbox())
  private let ready = Lent<[UnownedJob]>([])
  private var running: [UnownedJob] = []
  private let wheel: Lent<TimerWheel>
  @usableFromInline let clock: Cell<Instant>
  private let turns = Cell(UInt64(0))
  /// The thread that runs the loop; zero, which is no thread, while none does. Others read it to
  /// see that they are not the one.
  private let thread = Atomic<pthread_t>(0)
  private let events: UnsafeMutableBufferPointer<epoll_event>
  /// The monotonic clock as of this turn.
  @inlinable public internal(set) var now: Instant {
    get { clock.value }
    set { clock.value = newValue }
  }
  /// Jobs that came from other threads: zero for a request that waits on nothing shared.
  public private(set) var foreignJobCount: UInt64 = 0
  /// Messages that came through `post`.
  public private(set) var mailCount: UInt64 = 0
  /// Turns of the loop since its start.
  public private(set) var turnCount: UInt64 {
    get { turns.value }
    set { turns.value = newValue }
  }
  /// Sockets that are registered.
  public private(set) var socketCount = 0

  public init() throws(SystemError) {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw SystemError("epoll_create1") }
    wakeup = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard wakeup >= 0 else {
      let error = SystemError("eventfd")
      close(epoll)
      throw error
    }
    unsafe events = .allocate(capacity: Self.eventsMax)
    let now = Instant.now()
    clock = Cell(now)
    wheel = Lent(TimerWheel(now: now))
    ready { $0.reserveCapacity(1024) }
    running.reserveCapacity(1024)
    // A null pointer marks the wake-up descriptor. It is level-triggered: it is read when it fires.
    var event = unsafe epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(ptr: nil))
    guard unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, wakeup, &event) == 0 else {
      throw SystemError("epoll_ctl")
    }
  }

  deinit {
    close(epoll)
    close(wakeup)
    unsafe events.deallocate()
  }

  // MARK: Executor

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      ready { $0.append(job) }
      return
    }
    let mustWake = inbox.withLock { inbox in
      inbox.jobs.append(job)
      return inbox.wakeOnce()
    }
    if mustWake { wake() }
  }

  public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    unsafe UnownedSerialExecutor(ordinary: self)
  }

  public func asUnownedTaskExecutor() -> UnownedTaskExecutor {
    unsafe UnownedTaskExecutor(ordinary: self)
  }

  public func isIsolatingCurrentContext() -> Bool? { isCurrent }

  public func checkIsolated() {
    precondition(isCurrent, "The loop's state is touched on its own thread only.")
  }

  /// Runs `message` on the loop's thread, soon. Callable from any thread.
  public func post(_ message: @escaping @Sendable () -> Void) {
    let mustWake = inbox.withLock { inbox in
      inbox.mail.append(message)
      return inbox.wakeOnce()
    }
    if mustWake { wake() }
  }

  /// Deadlines that are armed at this moment.
  public var timerCount: Int { wheel { $0.count } }

  /// Ends `run` after the current turn. Callable from any thread.
  public func stop() {
    inbox.withLock { $0.isStopping = true }
    wake()
  }

  // MARK: The loop

  /// Runs until `stop`, on the calling thread, which becomes the loop's thread.
  public func run() {
    thread.store(pthread_self(), ordering: .relaxed)
    while true {
      runJobs()
      guard let timeout = timeoutBeforeSleep() else { break }
      let count = unsafe epoll_wait(epoll, events.baseAddress, Int32(Self.eventsMax), timeout)
      now = .now()
      turnCount &+= 1
      // EINTR leaves the count at -1: a signal is only a reason to look again.
      if count > 0 { dispatch(Int(count)) }
      collectInbox()
      wheel { $0.advance(to: now) }
    }
    thread.store(0, ordering: .relaxed)
  }

  private var isCurrent: Bool {
    // A thread finds its own name here only when it stored it itself.
    thread.load(ordering: .relaxed) == pthread_self()
  }

  private func runJobs() {
    for _ in 0..<Self.roundsMax {
      ready { swap(&$0, &running) }
      if running.isEmpty { return }
      for job in running {
        unsafe job.runSynchronously(
          isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      }
      running.removeAll(keepingCapacity: true)
    }
  }

  /// How long to sleep in milliseconds; nil when the loop shall end.
  private func timeoutBeforeSleep() -> Int32? {
    let hasJobs = ready { !$0.isEmpty }
    return inbox.withLock { inbox -> Int32? in
      if inbox.isStopping { return nil }
      if hasJobs || !inbox.jobs.isEmpty || !inbox.mail.isEmpty { return 0 }
      inbox.isAsleep = true
      return wheel { $0.millisecondsUntilNext(from: now) }
    }
  }

  private func dispatch(_ count: Int) {
    for index in 0..<count {
      let event = unsafe events[index]
      guard let pointer = unsafe event.data.ptr else {
        var counter: UInt64 = 0
        unsafe read(wakeup, &counter, 8)
        continue
      }
      // A registered source is retained until it is closed, and no job runs while events are handed
      // out.
      unsafe Unmanaged<EventSource>.fromOpaque(pointer)._withUnsafeGuaranteedRef {
        unsafe $0.receive(PollEvents(rawValue: event.events))
      }
    }
  }

  private func collectInbox() {
    let (jobs, mail) = inbox.withLock { inbox in
      inbox.isAsleep = false
      defer {
        inbox.jobs.removeAll(keepingCapacity: true)
        inbox.mail.removeAll(keepingCapacity: true)
      }
      return (inbox.jobs, inbox.mail)
    }
    foreignJobCount &+= UInt64(jobs.count)
    mailCount &+= UInt64(mail.count)
    if !jobs.isEmpty { ready { $0.append(contentsOf: jobs) } }
    for message in mail { message() }
  }

  private func wake() {
    var one: UInt64 = 1
    // The counter cannot overflow: it is written only when the loop went to sleep since the last
    // read.
    unsafe write(wakeup, &one, 8)
  }

  // MARK: What lives on the loop

  /// Looks at `target` no later than at its deadline. Not to be called while a deadline is being
  /// told.
  public func arm(_ target: any TimerTarget) { wheel { $0.arm(target) } }
  public func disarm(_ target: any TimerTarget) { wheel { $0.disarm(target) } }

  /// Starts to watch `source`, which is retained until `unwatch`.
  func watch(_ source: EventSource, for interest: PollEvents) throws(SystemError) {
    let pointer = unsafe Unmanaged.passRetained(source).toOpaque()
    var event = unsafe epoll_event(events: interest.rawValue, data: epoll_data_t(ptr: pointer))
    guard unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, source.descriptor, &event) == 0 else {
      let error = SystemError("epoll_ctl")
      unsafe Unmanaged<EventSource>.fromOpaque(pointer).release()
      throw error
    }
    socketCount += 1
  }

  /// Changes what a watched `source` is woken for.
  func rewatch(_ source: EventSource, for interest: PollEvents) throws(SystemError) {
    let pointer = unsafe Unmanaged.passUnretained(source).toOpaque()
    var event = unsafe epoll_event(events: interest.rawValue, data: epoll_data_t(ptr: pointer))
    guard unsafe epoll_ctl(epoll, EPOLL_CTL_MOD, source.descriptor, &event) == 0 else {
      throw SystemError("epoll_ctl")
    }
  }

  /// Stops watching `source`, before its descriptor is closed.
  func unwatch(_ source: EventSource) {
    // Closing alone does not take a descriptor out of epoll while another process holds a copy of
    // it, as a child does between fork and exec: its events would name a source that is gone.
    var event = unsafe epoll_event()
    unsafe epoll_ctl(epoll, EPOLL_CTL_DEL, source.descriptor, &event)
    socketCount -= 1
    // Balances `watch`. The caller holds a reference of its own.
    unsafe Unmanaged.passUnretained(source).release()
  }
}
