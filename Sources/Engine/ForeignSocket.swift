// A socket that a C library opens, reads and closes itself: it is only watched here,
// level-triggered, since such a library may leave bytes for its next call.

/// A watched descriptor that somebody else owns.
public final class ForeignSocket: EventSource {
  private unowned let observer: any SocketObserver
  private var events = PollEvents()

  /// - Parameter observer: told of every event; it outlives this watch.
  public init(descriptor: Int32, on loop: EventLoop, observer: any SocketObserver) {
    self.observer = observer
    super.init(descriptor: descriptor, on: loop)
  }

  public override func receive(_ events: PollEvents) {
    self.events.formUnion(events)
    observer.socketChanged()
  }

  /// What has happened since the last call.
  public func takeEvents() -> PollEvents {
    defer { events = [] }
    return events
  }
}
