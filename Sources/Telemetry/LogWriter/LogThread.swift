// The start of the log writer's thread. It is a thread of its own, and not a task, because write(2)
// may block.

import CLinux
import Glibc

/// What the new thread is given: it keeps the writer alive until it ends.
final class LogThread {
  private let writer: LogWriter
  private var destination: LogDestination?

  init(writer: LogWriter, destination: consuming LogDestination) {
    self.writer = writer
    self.destination = consume destination
  }

  static func start(_ thread: sending LogThread) throws(LogFailure) {
    // The thread takes over this reference, and gives it up when it ends.
    let reference = unsafe Unmanaged.passRetained(thread)
    var identifier = pthread_t()
    let result = unsafe pthread_create(
      &identifier, nil,
      { reference in
        guard let reference = unsafe reference else { return nil }
        unsafe Unmanaged<LogThread>.fromOpaque(reference).takeRetainedValue().run()
        return nil
      }, reference.toOpaque())
    guard result == 0 else {
      unsafe reference.release()
      throw LogFailure("pthread_create", number: result)
    }
    pthread_detach(identifier)
  }

  private func run() {
    // Signals are the main thread's business; a closed pipe is an error of write(2) here, not a
    // signal.
    var all = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, nil)
    if let destination = destination.take() { writer.run(destination) }
  }
}
