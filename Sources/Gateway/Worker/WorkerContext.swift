// Everything that one worker owns. It is isolated to the worker's actor: nothing here is shared
// with another thread.

import Bytes
import Engine
import HTTP2
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
  /// Serves the streams of all HTTP/2 connections.
  let streamTasks: StreamTasks
  /// For the fields of one HTTP/2 head, from its first one until the session has them.
  let outgoingFields = OutgoingFields()
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
  private let wall = Cell(Wall())

  /// The wall clock, and the turn of the loop in which it was read.
  private struct Wall: BitwiseCopyable {
    var turn = UInt64.max
    var milliseconds: UInt64 = 0
  }

  private(set) var connections: [(any ClientConnection)?] = []
  private var freeSlots: [Int] = []
  private(set) var connectionCount = 0
  private(set) var secureCount = 0
  let memory = MemoryKeeper()
  /// Connections without a task that something happened to, and what.
  private var woken: [any ClientConnection] = []
  private var expired: [any ClientConnection] = []
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
    streamTasks = StreamTasks(on: loop, start: start)
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
    if wall.value.turn != loop.turnCount {
      wall.value = Wall(turn: loop.turnCount, milliseconds: WallClock.milliseconds())
    }
    return wall.value.milliseconds
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
    connectionCount += 1
    if transport.isSecure { secureCount += 1 }
    recorder.metrics.connectionOpened(listener: listener.id.metric)
    serve(transport, DownstreamConnection(listener: listener.id, peer: peer), listener, slot)
  }

  private func serve(
    _ transport: Transport, _ connection: DownstreamConnection, _ listener: ListenerRuntime,
    _ slot: Int
  ) {
    guard transport.isSecure || listener.limits.protocols.contains(.http2) else {
      let connection = HTTP1Connection(
        transport: transport, connection: connection, listener: listener, slot: slot,
        context: self)
      connections[slot] = connection
      return start { await connection.serve() }
    }
    let opening = ConnectionOpening(transport, connection, at: listener, slot: slot, in: self)
    connections[slot] = opening
    start { await opening.run() }
  }

  /// Puts the connection that an opening became into its place.
  func replace(_ opening: ConnectionOpening, by connection: any ClientConnection) {
    connections[opening.slot] = connection
  }

  /// Starts a task on this worker.
  func startTask(_ operation: @escaping () async -> Void) { start(operation) }

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
  func closed(_ connection: any ClientConnection) {
    connections[connection.slot] = nil
    freeSlots.append(connection.slot)
    connectionCount -= 1
    if connection.transport.isSecure { secureCount -= 1 }
    let downstream = connection.connection
    limiter.close(downstream.peer, at: downstream.listener)
    recorder.metrics.connectionClosed(listener: downstream.listener.metric)
  }

  /// Wakes a connection that has no task, soon: between jobs nothing may be closed or started, and
  /// what the jobs of this turn write leaves together.
  func wake(_ connection: any ClientConnection) {
    woken.append(connection)
    starter.signal()
  }

  /// Tells a connection that has no task that its deadline has passed, soon.
  func expire(_ connection: any ClientConnection) {
    expired.append(connection)
    starter.signal()
  }

  /// Runs as long as the worker: it starts and ends what `wake` and `expire` left.
  func runStarter() async {
    var batch: [any ClientConnection] = []
    while await starter.wait(until: .never) != .cancelled {
      while let connection = expired.popLast() { connection.expired() }
      swap(&batch, &woken)
      for connection in batch { connection.woken() }
      batch.removeAll(keepingCapacity: true)
      // Whoever has more to do has it after the others.
      if !woken.isEmpty { await Task.yield() }
    }
  }

  // MARK: Draining

  func endKeepAlive() { endsKeepAlive = true }

  /// Ends resting connections now and busy ones after their present request.
  func drain() {
    endsKeepAlive = true
    isDraining = true
    for case let connection? in connections { connection.drain() }
  }

  /// Ends everything.
  func cancelAll() {
    for connection in connections { connection?.cancel() }
  }

  func stop() {
    starter.cancel()
    streamTasks.stop()
    resources.turns.stop()
  }
}
