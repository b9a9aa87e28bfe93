// Signals as events of a loop: blocked everywhere, read from a descriptor, handled as plain code.

import CLinux
import Glibc

/// The signals that the process understands.
public enum Signal: Sendable {
  /// TERM and QUIT: end gracefully. A second one ends at once.
  case terminate
  /// INT: the same from a terminal.
  case interrupt
  /// HUP: take the config again.
  case reload
  /// USR1: open log files again.
  case reopen

  fileprivate static let all: [(Int32, Signal)] = [
    (SIGTERM, .terminate), (SIGQUIT, .terminate), (SIGINT, .interrupt), (SIGHUP, .reload),
    (SIGUSR1, .reopen),
  ]

  fileprivate static var set: sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for (number, _) in all { unsafe sigaddset(&set, number) }
    return set
  }

  /// Blocks these signals for this thread and all that it starts, and ignores PIPE: a send says
  /// EPIPE itself. Call it before any thread is started.
  public static func prepareProcess() {
    var set = Self.set
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    _ = signal(SIGPIPE, SIG_IGN)
  }
}

/// Reads the process's signals on one loop.
public final class SignalSource: EventSource {
  private var pending: [Signal] = []
  /// Woken when there are signals to take.
  public var observer: (any SocketObserver)?

  public init(on loop: EventLoop) throws(SystemError) {
    var set = Signal.set
    let descriptor = unsafe signalfd(-1, &set, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC))
    guard descriptor >= 0 else { throw SystemError("signalfd") }
    super.init(descriptor: descriptor, on: loop)
    try watch(for: .readable)
  }

  public override func receive(_ events: PollEvents) {
    var detail = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    while unsafe read(descriptor, &detail, size) == size {
      let number = Int32(detail.ssi_signo)
      if let found = Signal.all.first(where: { $0.0 == number }) { pending.append(found.1) }
    }
    observer?.socketChanged()
  }

  /// The next signal, in the order in which they came.
  public func take() -> Signal? { pending.isEmpty ? nil : pending.removeFirst() }
}
