// Everything that one worker owns. It is isolated to the worker's actor: nothing here is shared with another thread.

import Bytes
import Engine
import HTTPMessage
import PolicyChain
import Telemetry
import Transport

/// The state of one worker, as its connections see it.
final class WorkerContext {
  let index: Int
  let loop: EventLoop
  let resources: WorkerResources
  let services: Services
  let exchanges: ExchangePool
  let recorder: Recorder
  let limiter: ConnectionLimiter
  /// Starts a task on this worker: see `LoopActor.start`.
  private let start: (@escaping () async -> Void) -> Void
  /// The generation that new requests are served by.
  private(set) var generation: Generation
  /// Whether connections end after their present request.
  private(set) var isDraining = false

  private var connections: [HTTP1Connection?] = []
  private var freeSlots: [Int] = []
  private(set) var connectionCount = 0
  /// Resting connections that something happened to, and what.
  private var woken: [HTTP1Connection] = []
  private var expired: [HTTP1Connection] = []
  private let starter: Waiter

  init(
    index: Int, loop: EventLoop, services: Services, generation: Generation, recorder: Recorder,
    limiter: ConnectionLimiter, start: @escaping (@escaping () async -> Void) -> Void
  ) {
    self.index = index
    self.loop = loop
    self.services = services
    self.generation = generation
    self.recorder = recorder
    self.limiter = limiter
    self.start = start
    resources = generation.resources
    exchanges = ExchangePool(loop: loop, services: services)
    starter = Waiter(on: loop)
  }

  /// Serves new requests by another generation from now on.
  func adopt(_ next: Generation) {
    let previous = generation
    generation = next
    previous.retire(keepingPoolsOf: next)
  }

  func listener(for connection: DownstreamConnection) -> ListenerRuntime? {
    generation.listener(named: connection.listener)
  }

  // MARK: Connections

  /// Takes over an accepted socket.
  func open(_ descriptor: Int32, from peer: SocketAddress, at listener: ListenerRuntime) {
    let socket: Socket
    do throws(SystemError) {
      socket = try Socket(descriptor: descriptor, isConnected: true, on: loop)
    } catch {
      // The descriptor is closed; the client sees a reset and may try again.
      limiter.closed(peer, listener: listener.name)
      return
    }
    let slot = freeSlots.popLast() ?? connections.count
    let connection = HTTP1Connection(
      transport: Transport(socket: socket, pending: resources.pending),
      connection: DownstreamConnection(listener: listener.name, peer: peer),
      limits: listener.limits, slot: slot, context: self)
    if slot == connections.count { connections.append(connection) } else { connections[slot] = connection }
    connectionCount += 1
    recorder.opened(listener)
    start { await connection.serve() }
  }

  func closed(_ connection: HTTP1Connection) {
    connections[connection.slot] = nil
    freeSlots.append(connection.slot)
    connectionCount -= 1
    limiter.closed(connection.connection.peer, listener: connection.connection.listener)
    recorder.closed(connection.connection)
  }

  /// Starts the task of a resting connection, soon: between jobs nothing may be closed or started.
  func wake(_ connection: HTTP1Connection) {
    woken.append(connection)
    starter.signal()
  }

  /// Closes a resting connection, soon.
  func expire(_ connection: HTTP1Connection) {
    expired.append(connection)
    starter.signal()
  }

  /// Runs as long as the worker: it starts and ends what `wake` and `expire` left.
  func runStarter() async {
    while await starter.wait(until: .never) != .cancelled {
      while let connection = expired.popLast() where connection.isResting { connection.close() }
      while let connection = woken.popLast() {
        if connection.isResting, !connection.isClosed { start { await connection.serve() } }
      }
    }
  }

  // MARK: Draining

  /// Ends resting connections now and busy ones after their present request.
  func drain() {
    isDraining = true
    for connection in connections { if let connection, connection.isIdle { connection.cancel() } }
  }

  /// Ends everything.
  func cancelAll() {
    for connection in connections { connection?.cancel() }
  }

  func stop() { starter.cancel() }
}
