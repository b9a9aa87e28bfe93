// Tasks that serve one stream after another. A task of its own for each stream would be made and
// unmade with half a dozen blocks of memory for every request: a tenth of what it costs in all.

import Bytes
import Engine

/// The tasks of one worker that serve streams, and those of them that wait for the next one.
final class StreamTasks {
  /// Tasks kept for the next burst; each holds 6.6 KB while it waits.
  private static let idleMax = 256

  /// One task's place.
  private final class Seat {
    let waiter: Waiter
    var stream: ServedStream?

    init(on loop: EventLoop) { waiter = Waiter(on: loop) }
  }

  private let loop: EventLoop
  private let start: TaskStarter
  private let idle = Lent<[Seat]>([])
  /// The fewest tasks that were idle since the last `trim`: so many did nobody need.
  private var spareCount = 0
  private var isStopped = false

  init(on loop: EventLoop, start: TaskStarter) {
    self.loop = loop
    self.start = start
  }

  /// Has the stream served in this turn, but not before what was read with it is known: many that
  /// an attacker opens are reset in the same read.
  func serve(_ stream: ServedStream) {
    let (known, left) = idle { ($0.popLast(), $0.count) }
    if left < spareCount { spareCount = left }
    let seat = known ?? makeSeat()
    seat.stream = stream
    seat.waiter.signal()
  }

  /// A seat whose task waits.
  private func makeSeat() -> Seat {
    let seat = Seat(on: loop)
    start { await self.run(seat) }
    return seat
  }

  private func run(_ seat: Seat) async {
    // Cancelled, it finds no stream and ends.
    while await seat.waiter.wait(until: .never) == .signalled {
      guard let stream = seat.stream else { continue }
      seat.stream = nil
      await stream.serve()
      let isKept = idle { idle in
        guard idle.count < Self.idleMax, !isStopped else { return false }
        idle.append(seat)
        return true
      }
      guard isKept else { break }
    }
    seat.waiter.retire()
  }

  /// Tasks that wait for a stream.
  var idleCount: Int { idle { $0.count } }

  /// Ends the tasks that nobody needed since the last call, but for `kept`.
  func trim(keeping kept: Int) {
    let spare = idle { idle in
      let count = max(0, min(spareCount, idle.count) - kept)
      defer { idle.removeFirst(count) }
      return Array(idle.prefix(count))
    }
    for seat in spare { seat.waiter.cancel() }
    spareCount = idleCount
  }

  func stop() {
    isStopped = true
    spareCount = idleCount
    trim(keeping: 0)
  }
}
