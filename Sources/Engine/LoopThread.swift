// A thread that does nothing but run a loop.

import CLinux
import Glibc

/// A running loop's thread, to be joined once.
@safe public struct LoopThread: ~Copyable {
  private let thread: pthread_t

  private final class Start: Sendable {
    let loop: EventLoop
    let name: String
    init(_ loop: EventLoop, _ name: String) {
      self.loop = loop
      self.name = name
    }
  }

  /// Starts a thread called `name` (15 bytes at most are kept) that runs `loop` until it is
  /// stopped.
  public init(named name: String, running loop: EventLoop) throws(SystemError) {
    var thread = pthread_t()
    // The box is released by the thread that takes it.
    let box = unsafe Unmanaged.passRetained(Start(loop, String(name.prefix(15)))).toOpaque()
    let code = unsafe pthread_create(
      &thread, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        unsafe pthread_setname_np(pthread_self(), start.name)
        start.loop.run()
        return nil
      }, box)
    guard code == 0 else {
      unsafe Unmanaged<Start>.fromOpaque(box).release()
      throw SystemError("pthread_create", code: code)
    }
    self.thread = thread
  }

  /// Waits until the loop has ended.
  public consuming func join() { pthread_join(thread, nil) }
}
