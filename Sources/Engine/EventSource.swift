// A descriptor that a loop watches.

/// The base of everything that epoll reports on: stream sockets, listening sockets, the resolver's
/// sockets.
public class EventSource {
  public final let descriptor: Int32
  public final let loop: EventLoop

  public init(descriptor: Int32, on loop: EventLoop) {
    self.descriptor = descriptor
    self.loop = loop
  }

  /// Called on the loop's thread, between jobs: it notes what changed and wakes a waiter, nothing
  /// more.
  public func receive(_ events: PollEvents) {
    preconditionFailure("A source says what its events mean.")
  }

  public final func watch(for interest: PollEvents) throws(SystemError) {
    try loop.watch(self, for: interest)
  }

  public final func rewatch(for interest: PollEvents) throws(SystemError) {
    try loop.rewatch(self, for: interest)
  }

  /// Stops watching a descriptor, which must still be open.
  public final func unwatch() { loop.unwatch(self) }
}
