// One HTTP/1 client connection: it reads heads, runs each exchange through its chain, writes the
// answer, and starts again. While nothing arrives it owns neither buffer nor task
// (docs/architecture.md, "Idle connections").

import Bytes
import Engine
import HTTP1
import HTTPMessage
import PolicyChain
import Transport

/// A downstream connection that speaks HTTP/1.
final class HTTP1Connection: ClientConnection {
  let context: WorkerContext
  let transport: Transport
  let connection: DownstreamConnection
  /// Whose routes the next request meets.
  private(set) var listener: ListenerRuntime
  var limits: ConnectionLimits { listener.limits }
  let openedAt: Instant

  /// Received bytes that are not consumed: borrowed with the first byte, given back when the
  /// connection rests.
  var input: Buffer?
  var body: HTTP1RequestBody?
  /// The exchange of the running task; nil while the connection rests.
  var exchange: Exchange?
  /// Whether the last exchange is over and the next head has not begun.
  var isBetweenRequests = true
  /// Whether bytes of the present response may have left: from then on it cannot be replaced by
  /// another one.
  var hasSentHead = false
  /// Whether the present response leaves the connection open.
  var staysOpen = false
  /// Whether a chunk of the present response's body has begun and not ended.
  var isInChunk = false
  /// Whether part of an interim response waits for the client to take it.
  var isInterimUnsent = false
  private var requestCount: UInt32 = 0
  /// The generation that `listener` and `isListenerGone` were looked up in.
  private var generationSeen = 0
  private var isListenerGone = false
  private(set) var isClosed = false
  /// While the connection rests: when it is closed for good.
  private(set) var deadline = Instant.never
  var timerEntry: TimerWheel.Entry?
  /// The place in the worker's table.
  let slot: Int

  init(
    transport: Transport, connection: DownstreamConnection, listener: ListenerRuntime, slot: Int,
    context: WorkerContext
  ) {
    self.transport = transport
    self.connection = connection
    self.listener = listener
    self.slot = slot
    self.context = context
    openedAt = context.loop.now
  }

  /// Serves requests until the connection rests or ends. One call at a time.
  func serve() async {
    deadline = .never
    let exchange = context.exchanges.borrow()
    self.exchange = exchange
    exchange.connection = connection
    exchange.peer = self
    transport.socket.observer = exchange.waiter
    let isResting = await serveRequests(exchange)
    self.exchange = nil
    giveBackBuffers()
    if isResting {
      rest()
    } else {
      close()
    }
    context.exchanges.giveBack(exchange)
  }

  /// Returns whether the connection stays open.
  private func serveRequests(_ exchange: Exchange) async -> Bool {
    var servedInTurn = 0
    while true {
      switch await readHead(into: exchange) {
      case .request:
        break
      case .rest: return true
      case .ended: return false
      case .refused(let error):
        await refuse(error, exchange)
        return false
      }
      requestCount += 1
      guard await serveRequest(exchange) else { return false }
      servedInTurn += 1
      // Pipelined requests of one client must not keep the others waiting.
      if servedInTurn % ConnectionLimits.requestsPerTurn == 0 { await Task.yield() }
    }
  }

  /// Looks up what the newest configuration says, once for each. A listener that is gone serves its
  /// last requests as before.
  func refreshListener() {
    guard generationSeen != context.generationCount else { return }
    generationSeen = context.generationCount
    let current = context.generation.listener(connection.listener)
    if let current { listener = current }
    isListenerGone = current == nil
  }

  /// Whether the connection may take another request after the present one.
  func mayKeepAlive(_ request: Request) -> Bool {
    request.keepsAlive && !context.endsKeepAlive && isListenerThere
      && requestCount < limits.requestsMax
      && context.loop.now.since(openedAt) < limits.ageMax * 1_000_000
  }

  private var isListenerThere: Bool {
    if generationSeen == context.generationCount { return !isListenerGone }
    return context.generation.listener(connection.listener) != nil
  }

  // MARK: Resting and closing

  private func rest() {
    transport.socket.observer = self
    let idle = limits.keepAliveIdle
    deadline = context.loop.now.advanced(milliseconds: idle - min(idle, patience))
    context.loop.arm(self)
    // Bytes that came between the last look and now are not announced again.
    if transport.mayHaveBytes { context.wake(self) }
  }

  func close(isAborting: Bool = false) {
    guard !isClosed else { return }
    isClosed = true
    deadline = .never
    context.loop.disarm(self)
    transport.close(isAborting: isAborting)
    context.closed(self)
  }

  /// Ends the connection from outside: a resting one at once, a busy one when its task notices.
  func cancel() {
    if let exchange { exchange.waiter.cancel() } else { close() }
  }

  func drain() {
    if isIdle { cancel() }
  }

  func woken() {
    if isResting, !isClosed { context.startTask { await self.serve() } }
  }

  func expired() {
    if isResting { close() }
  }

  /// Whether it has neither task nor buffer.
  var isResting: Bool { exchange == nil }

  /// Whether no request is being read or served: a task may still wait for one.
  var isIdle: Bool { isResting || (isBetweenRequests && input?.isEmpty != false && !isNew) }

  /// Whether its first request may well be on its way: a drain waits that long for it.
  var isNew: Bool {
    requestCount == 0
      && context.loop.now.since(openedAt) < ConnectionLimits.restAfter * 1_000_000
  }

  private func giveBackBuffers() {
    // A resting connection has consumed everything: what is left belongs to no request.
    giveBackInput()
    body?.giveBackBuffer()
    body = nil
    connection.forwarding { $0 = ForwardingMemo() }
  }

  func giveBackInput() {
    guard let input else { return }
    context.resources.buffers.giveBack(input)
    self.input = nil
  }
}

extension HTTP1Connection: SocketObserver, TimerTarget {
  /// A resting connection has something to read, or its client left.
  func socketChanged() { context.wake(self) }

  /// A resting connection has rested long enough.
  func deadlinePassed() { context.expire(self) }
}

extension HTTP1Connection: DownstreamPeer {
  var isGone: Bool {
    transport.socket.isBroken || (transport.socket.isPeerClosed && !limits.allowsHalfClose)
  }

  func sendInterim(_ head: ResponseHead) {
    guard let exchange, exchange.request.version == .http11 else { return }
    do throws(TransportError) {
      // A TLS ticket may wait for its first answer. A client that takes nothing gets no more of it.
      guard try transport.flush() else { return }
    } catch {
      // The exchange ends as soon as it looks at the socket.
      return
    }
    context.resources.scratch { interim in
      interim.clear()
      do throws(HTTP1Error) {
        try ResponseEncoder.encode(
          head, framing: .none, answering: exchange.request, keepsAlive: true, blocks: [],
          into: &interim)
      } catch {
        // An interim response tells nothing that the final one does not: it is left out.
        return
      }
      do throws(TransportError) {
        try transport.send(interim.bytes)
        isInterimUnsent = transport.hasUnsent
      } catch {
        // The socket is marked broken, and the exchange ends as soon as it looks.
        return
      }
    }
  }
}
