// Takes connections from one listening socket on one worker, in batches, and knows when not to.

import Engine
import PolicyChain
import Transport

/// The accept loop of a listening socket.
final class Acceptor {
  /// Connections taken before other work has its turn.
  private static let batchMax = 64
  /// Pause after descriptors or memory ran out, or a limit was reached, in milliseconds.
  private static let pause: UInt64 = 50

  let listener: ListenerID
  private let socket: ListeningSocket
  private let context: WorkerContext
  private let waiter: Waiter

  init(_ socket: ListeningSocket, for listener: ListenerID, in context: WorkerContext) {
    self.socket = socket
    self.listener = listener
    self.context = context
    waiter = Waiter(on: context.loop)
    socket.observer = waiter
  }

  func begin() throws(SystemError) { try socket.start() }

  /// Accepts until `stop`.
  func run() async {
    while true {
      // The listening socket is level-triggered: a batch that is cut short is announced again.
      if await waiter.wait(until: .never) == .cancelled { break }
      guard acceptBatch() else {
        // What arrives meanwhile waits in the kernel's queue.
        guard await rest() else { break }
        continue
      }
    }
    socket.stop()
    waiter.retire()
  }

  /// Accepts no more. What the kernel has queued is taken over first: closing the socket would
  /// reset it.
  func stop() {
    _ = acceptBatch()
    waiter.cancel()
  }

  /// Returns false when accepting makes no sense for a moment.
  private func acceptBatch() -> Bool {
    guard let listener = context.generation.listener(listener) else { return true }
    for _ in 0..<Self.batchMax {
      switch socket.accept() {
      case .nothing: return true
      case .exhausted: return false
      case .connection(let descriptor, let peer):
        guard context.limiter.open(peer, at: listener.id, limits: listener.limits) else {
          Descriptor.close(descriptor)
          context.recorder.countProtocolError("connection_limit")
          continue
        }
        context.open(descriptor, from: peer, at: listener)
      }
    }
    return true
  }

  private func rest() async -> Bool {
    do throws(SystemError) {
      try socket.pause()
      if await waiter.sleep(milliseconds: Self.pause) == .cancelled { return false }
      try socket.resume()
      return true
    } catch {
      preconditionFailure("A watched descriptor can always be watched for something else.")
    }
  }
}
