// Everything that one worker owns. It is isolated to the worker's actor: nothing here is shared
// with another thread.

import Bytes
import Engine
import HTTPMessage
import PolicyChain
import TLS
import Telemetry
import Transport

/// The state of one worker, as its connections see it.
final class WorkerContext {
  let loop: EventLoop
  let resources: WorkerResources
  let services: Services
  let exchanges: ExchangePool
  let recorder: Recorder
  let limiter: ConnectionLimiter
  /// Starts a task on this worker: see `LoopActor.start`.
  private let start: TaskStarter
  /// The generation that new requests are served by.
  private(set) var generation: Generation
  /// Counts the generations, from 1.
  private(set) var generationCount = 1
  /// Whether answers say that their connection ends.
  private(set) var endsKeepAlive = false
  /// Whether connections end that have no request.
  private(set) var isDraining = false

  let date = DateField()
  let securityTerms = SecurityTerms()
  private var wallTurn = UInt64.max
  private var wallNow: UInt64 = 0

  private(set) var connections: [HTTP1Connection?] = []
  private var freeSlots: [Int] = []
  private(set) var connectionCount = 0
  private(set) var secureCount = 0
  let memory = MemoryKeeper()
  /// Resting connections that something happened to, and what.
  private var woken: [HTTP1Connection] = []
  private var expired: [HTTP1Connection] = []
  private let starter: Waiter

  init(
    loop: EventLoop, resources: WorkerResources, services: Services, generation: Generation,
    recorder: Recorder, limiter: ConnectionLimiter,
    start: TaskStarter
  ) {
    self.loop = loop
    self.resources = resources
    self.services = services
    self.generation = generation
    self.recorder = recorder
    self.limiter = limiter
    self.start = start
    exchanges = ExchangePool(loop: loop, services: services)
    starter = Waiter(on: loop)
  }

  /// Serves new requests by another generation from now on.
  func adopt(_ next: Generation) {
    let previous = generation
    generation = next
    generationCount += 1
    previous.retire(after: next)
  }

  /// Wall-clock milliseconds, read once per turn of the loop.
  var wallMilliseconds: UInt64 {
    if wallTurn != loop.turnCount {
      wallTurn = loop.turnCount
      wallNow = WallClock.milliseconds()
    }
    return wallNow
  }

  // MARK: Connections

  /// Takes over an accepted socket that the limiter has counted.
  func open(_ descriptor: Int32, from peer: SocketAddress, at listener: ListenerRuntime) {
    let socket: Socket
    do throws(SystemError) {
      socket = try Socket(descriptor: descriptor, isConnected: true, on: loop)
    } catch {
      // The descriptor is closed: the client sees it and may try again.
      limiter.close(peer, at: listener.id)
      return
    }
    let transport: Transport
    do throws(TLSError) {
      transport = try self.transport(over: socket, at: listener)
    } catch {
      socket.close()
      limiter.close(peer, at: listener.id)
      return
    }
    let slot = freeSlots.popLast() ?? connections.count
    if slot == connections.count { connections.append(nil) }
    let connection = HTTP1Connection(
      transport: transport,
      connection: DownstreamConnection(listener: listener.id, peer: peer),
      listener: listener, slot: slot, context: self)
    connections[slot] = connection
    connectionCount += 1
    if transport.isSecure { secureCount += 1 }
    recorder.metrics.connectionOpened(listener: listener.id.metric)
    start { await connection.serve() }
  }

  private func transport(
    over socket: Socket, at listener: ListenerRuntime
  ) throws(TLSError) -> Transport {
    guard let security = listener.security else {
      return Transport(socket: socket, pending: resources.pending)
    }
    let session = try TLSSession(accepting: security, scratch: resources.tls)
    return Transport(
      socket: socket, session: session, scratch: resources.tls, pending: resources.pending)
  }

  /// Forgets a connection that is closed.
  func closed(_ connection: HTTP1Connection) {
    connections[connection.slot] = nil
    freeSlots.append(connection.slot)
    connectionCount -= 1
    if connection.transport.isSecure { secureCount -= 1 }
    let downstream = connection.connection
    limiter.close(downstream.peer, at: downstream.listener)
    recorder.metrics.connectionClosed(listener: downstream.listener.metric)
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
      while let connection = expired.popLast() {
        if connection.isResting { connection.close() }
      }
      while let connection = woken.popLast() {
        if connection.isResting, !connection.isClosed { start { await connection.serve() } }
      }
    }
  }

  // MARK: Draining

  func endKeepAlive() { endsKeepAlive = true }

  /// Ends resting connections now and busy ones after their present request.
  func drain() {
    endsKeepAlive = true
    isDraining = true
    for case let connection? in connections where connection.isIdle { connection.cancel() }
  }

  /// Ends everything.
  func cancelAll() {
    for connection in connections { connection?.cancel() }
  }

  func stop() { starter.cancel() }
}
