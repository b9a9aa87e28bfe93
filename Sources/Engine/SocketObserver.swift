// Who is told that a socket's state has changed.

/// Told between jobs, on the loop's thread: it may note the change and wake a task, and must not
/// close anything.
public protocol SocketObserver: AnyObject {
  func socketChanged()
}

extension Waiter: SocketObserver {
  /// A task that is not parked looks at its sockets anyway, before it parks.
  public func socketChanged() {
    if isParked { signal() }
  }
}
