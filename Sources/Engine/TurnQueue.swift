// Work that is done once per turn of the loop, behind the jobs that asked for it: so what many tasks
// have to write to one socket leaves in one send. One per worker, with one task.

/// Something that many tasks share, and that does its part when they have done theirs.
public protocol TurnTaker: AnyObject {
  /// Whether it stands in the queue; kept by the queue.
  var isAwaitingTurn: Bool { get set }
  /// Called as a job of the loop, so that it may open, close and wake whatever it wants.
  func takeTurn()
}

/// The objects of one worker that have something to do in this turn.
public final class TurnQueue {
  private var waiting: [any TurnTaker] = []
  private var running: [any TurnTaker] = []
  private let waiter: Waiter

  public init(on loop: EventLoop) { waiter = Waiter(on: loop) }

  /// Has the object's turn come soon, once, however often it is asked for until then. Callable
  /// while events are handed out.
  public func add(_ taker: any TurnTaker) {
    guard !taker.isAwaitingTurn else { return }
    taker.isAwaitingTurn = true
    waiting.append(taker)
    waiter.signal()
  }

  /// Runs as long as the worker.
  public func run() async {
    while await waiter.wait(until: .never) != .cancelled {
      swap(&waiting, &running)
      for taker in running {
        taker.isAwaitingTurn = false
        taker.takeTurn()
      }
      running.removeAll(keepingCapacity: true)
    }
  }

  public func stop() { waiter.cancel() }
}
