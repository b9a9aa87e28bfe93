// One HTTP/2 client connection: a plain object that moves bytes between the socket and the session
// and starts a task for each stream. It has no task of its own; what happens to it is told by the
// worker's starter, after the jobs of a turn, so that the writes of a turn leave in one send.

import Bytes
import Engine
import HTTP2
import PolicyChain
import Transport

/// A downstream connection that speaks HTTP/2.
final class HTTP2Connection: ClientConnection {
  /// Reads of one connection before others have their turn.
  private static let readsPerTurn = 4

  /// How far the connection is on its way to its end.
  enum Phase: Equatable {
    case serving
    /// GOAWAY asked for no more streams; it names the last one when this passes.
    case announced(until: Instant)
    /// The last stream is named; when all have ended the connection closes.
    case finishing
    /// Everything is said: what still comes is read and forgotten, so that the last words are not
    /// lost to a reset.
    case lingering(until: Instant)
    case closed
  }

  let context: WorkerContext
  let transport: Transport
  let connection: DownstreamConnection
  var limits: ConnectionLimits { listener.limits }
  let slot: Int
  let session: HTTP2Session
  /// Whose routes the next request meets.
  private(set) var listener: ListenerRuntime
  let openedAt: Instant

  /// Frames that were written in this turn, or wait for the socket.
  var output: Buffer?
  /// Whether anything was sent: a TLS ticket waits for the first send.
  var hasSent = false
  /// Since when the socket has not taken what was sent.
  var blockedSince: Instant?
  var phase = Phase.serving
  /// Streams whose exchange is not over, which may be longer than their life on the wire.
  private let served = Lent<[ServedStream]>([])
  private var requestCount: UInt32 = 0
  private var idleSince: Instant
  private var hasReleasedMemory = false
  private var isWakePending = false
  private var lingerBytesLeft = ConnectionLimits.lingerBytesMax
  /// Whether the client has sent its last byte, and still waits for answers.
  private var hasClientEnded = false
  var timerEntry: TimerWheel.Entry?

  /// Nil when there is no memory for a session.
  init?(
    _ transport: Transport, _ connection: DownstreamConnection, at listener: ListenerRuntime,
    slot: Int, in context: WorkerContext
  ) {
    self.transport = transport
    self.connection = connection
    self.listener = listener
    self.slot = slot
    self.context = context
    openedAt = context.loop.now
    idleSince = openedAt
    do throws(HTTP2Error) {
      session = try HTTP2Session(
        .server, settings: listener.limits.http2, limits: listener.limits.floods,
        bodies: context.resources.buffers)
    } catch { return nil }
  }

  /// Starts with what was read already.
  func begin(with input: Buffer?) {
    transport.socket.observer = self
    session.now = context.loop.now.nanoseconds
    if let input {
      feed(input)
      context.resources.buffers.giveBack(input)
    }
    // One whose handshake ended during a drain serves what is on its way, and no more.
    if context.isDraining { announceEnd() }
    woken()
  }

  var isClosed: Bool { phase == .closed }

  // MARK: A turn

  /// Has the connection's turn come soon, once, whatever asks for it meanwhile.
  func wake() {
    guard !isWakePending else { return }
    isWakePending = true
    context.wake(self)
  }

  func woken() {
    guard !isClosed else { return }
    session.now = context.loop.now.nanoseconds
    if blockedSince != nil { flush() }
    let hasMore = read()
    flush()
    isWakePending = false
    if hasMore { wake() }
    if !isClosed { context.loop.arm(self) }
  }

  /// Reads what has come. Returns whether there is more than one turn may take.
  private func read() -> Bool {
    for _ in 0..<Self.readsPerTurn {
      guard transport.mayHaveBytes, mayRead else { return false }
      let input = context.resources.buffers.borrow()
      defer { context.resources.buffers.giveBack(input) }
      switch transport.receive(into: input) {
      case .count(let count):
        if isLingering { forget(count) } else { feed(input) }
      case .blocked: return false
      case .ended: clientEnded()
      case .failed: close(isAborting: true)
      }
    }
    return transport.mayHaveBytes && mayRead
  }

  /// What cannot be answered is not asked for: a client that takes no answers is not read.
  private var mayRead: Bool {
    !isClosed && !hasClientEnded && (isLingering || blockedSince == nil || output == nil)
  }

  /// The client sends no more. Where the listener lets it wait all the same, it gets the answers to
  /// the requests that came whole.
  private func clientEnded() {
    guard limits.allowsHalfClose, isOpen, servedCount > 0 else { return close() }
    hasClientEnded = true
    for stream in served({ $0 }) where !stream.stream.isInboundComplete { stream.clientLeft() }
    nameLastStream()
  }

  private var isLingering: Bool { if case .lingering = phase { true } else { false } }

  private func forget(_ count: Int) {
    lingerBytesLeft -= count
    if lingerBytesLeft <= 0 { close() }
  }

  private func feed(_ input: Buffer) {
    do throws(HTTP2Error) {
      while !input.isEmpty {
        let count = try session.receive(input.bytes)
        // Streams that the session resets by itself are over before they cost an exchange.
        if session.wantsWrite { produce() }
        let hasHeads = openStreams()
        session.tellObservers()
        // A session that neither reads nor waits for its heads to be taken would be asked for ever.
        guard count > 0 || hasHeads else { throw .protocolViolation(.internalError) }
        input.consume(count)
      }
    } catch { fail(error) }
  }

  private func openStreams() -> Bool {
    var hasHeads = false
    while let stream = session.takeOpened() {
      hasHeads = true
      open(stream)
    }
    return hasHeads
  }

  private func open(_ stream: HTTP2Stream) {
    // What was reset in the read that brought it is nobody's request.
    guard !stream.isClosed else { return session.release(stream) }
    // A place is free when the work for its last stream has ended, not when that was reset:
    // CVE-2025-8671.
    guard servedCount < Int(limits.http2.concurrentStreamsMax), !isClosed else {
      session.reset(stream, .refusedStream)
      return session.release(stream)
    }
    requestCount += 1
    hasReleasedMemory = false
    let server = ServedStream(stream, of: self)
    keep(server)
    // Reading pauses while heads wait to be read, so this does not wait for the task.
    server.begin()
    if server.isMalformed { server.endAtOnce() } else { context.streamTasks.serve(server) }
    if requestCount >= limits.requestsMax || session.isNearLimit { announceEnd() }
  }

  private var servedCount: Int { served { $0.count } }

  private func keep(_ stream: ServedStream) {
    served { served in
      stream.place = served.count
      served.append(stream)
    }
  }

  private func forget(_ stream: ServedStream) {
    served { served in
      let last = served.count - 1
      if stream.place < last {
        served[stream.place] = served[last]
        served[stream.place].place = stream.place
      }
      served.removeLast()
    }
  }

  /// The exchange of a stream is over.
  func ended(_ stream: ServedStream) {
    session.release(stream.stream)
    forget(stream)
    guard !isClosed else { return }
    if servedCount == 0 { idleSince = context.loop.now }
    if context.endsKeepAlive || isListenerGone { announceEnd() }
    wake()
  }

  /// Looks up what the newest configuration says. A listener that is gone serves its last requests
  /// as before.
  func refreshListener() {
    if let current = context.generation.listener(connection.listener) { listener = current }
  }

  private var isListenerGone: Bool { context.generation.listener(connection.listener) == nil }

  // MARK: Endings

  /// Tells the client to open no more streams: first without naming a last one, since some may be
  /// on their way. RFC 9113 section 6.8.
  private func announceEnd() {
    guard phase == .serving else { return }
    session.announceShutdown()
    phase = .announced(
      until: context.loop.now.advanced(milliseconds: ConnectionLimits.goAwayNotice))
    wake()
  }

  private func nameLastStream() {
    session.endAccepting(.noError)
    phase = .finishing
    wake()
  }

  /// The session broke a rule or a limit: it is told why, and everything that it wanted ends.
  func fail(_ error: HTTP2Error) {
    guard !isClosed, !isLingering else { return }
    context.recorder.countProtocolError(error.token)
    while let stream = session.takeOpened() { session.release(stream) }
    let output = self.output ?? context.resources.pending.borrow()
    self.output = output
    session.appendLastWords(error.code, to: output)
    cancelStreams()
    sendOutput()
    linger()
  }

  /// Says that nothing more comes, and waits a moment for the client to have read it.
  func linger() {
    guard !isClosed, !isLingering else { return }
    phase = .lingering(
      until: context.loop.now.advanced(milliseconds: ConnectionLimits.goAwayLinger))
    giveBackOutput()
    if !transport.hasUnsent { transport.endSending() }
    wake()
  }

  /// Closes a connection that has said everything.
  func endIfDone() {
    switch phase {
    case .finishing where servedCount == 0 && !session.wantsWrite && output == nil:
      // One that has said its last word has nothing to read our last one for.
      if hasClientEnded { close() } else { linger() }
    case .serving, .announced, .finishing:
      guard session.hasEnded, output == nil else { return }
      if session.ownError != nil { context.recorder.countProtocolError(HTTP2Error.violationToken) }
      cancelStreams()
      linger()
    case .lingering, .closed: return
    }
  }

  func close(isAborting: Bool = false) {
    guard !isClosed else { return }
    phase = .closed
    context.loop.disarm(self)
    transport.close(isAborting: isAborting)
    giveBackOutput()
    cancelStreams()
    context.closed(self)
  }

  private func cancelStreams() {
    for stream in served({ $0 }) { stream.clientLeft() }
  }

  func drain() { announceEnd() }

  func cancel() {
    for stream in served({ $0 }) { stream.cancel() }
    close(isAborting: true)
  }

  // MARK: Deadlines

  func expired() {
    guard !isClosed, deadline <= context.loop.now else { return }
    session.now = context.loop.now.nanoseconds
    let now = context.loop.now
    if let blockedSince, blockedSince.advanced(milliseconds: limits.writeStall) <= now {
      return close(isAborting: true)
    }
    switch phase {
    case .lingering(let end) where end <= now: return close()
    case .announced(let end) where end <= now: nameLastStream()
    default: break
    }
    if headDeadline <= now {
      context.recorder.countProtocolError("head_timeout")
      fail(.protocolViolation(.enhanceYourCalm))
    } else if idleDeadline <= now {
      announceEnd()
      nameLastStream()
    } else if ageDeadline <= now {
      announceEnd()
    } else if restDeadline <= now {
      hasReleasedMemory = true
      session.releaseIdleMemory()
      served { if $0.isEmpty { $0 = [] } }
    }
    if !isClosed { context.loop.arm(self) }
  }

  /// The preface, and every head, must be whole in time.
  private var headDeadline: Instant {
    guard isOpen else { return .never }
    let began =
      session.isEstablished ? session.headBeganAt.map(Instant.init(nanoseconds:)) : openedAt
    return began?.advanced(milliseconds: limits.headTimeout) ?? .never
  }

  private var idleDeadline: Instant {
    guard servedCount == 0, isOpen else { return .never }
    return idleSince.advanced(milliseconds: limits.keepAliveIdle)
  }

  private var ageDeadline: Instant {
    phase == .serving ? openedAt.advanced(milliseconds: limits.ageMax) : .never
  }

  private var restDeadline: Instant {
    guard servedCount == 0, isOpen, !hasReleasedMemory else { return .never }
    return idleSince.advanced(milliseconds: ConnectionLimits.restAfter)
  }

  private var isOpen: Bool {
    switch phase {
    case .serving, .announced: true
    case .finishing, .lingering, .closed: false
    }
  }
}

extension HTTP2Connection: SocketObserver, TimerTarget {
  func socketChanged() { wake() }

  func deadlinePassed() { context.expire(self) }

  var deadline: Instant {
    var earliest = min(min(headDeadline, idleDeadline), min(ageDeadline, restDeadline))
    if let blockedSince {
      earliest = min(earliest, blockedSince.advanced(milliseconds: limits.writeStall))
    }
    switch phase {
    case .announced(let end), .lingering(let end): return min(earliest, end)
    case .closed: return .never
    case .serving, .finishing: return earliest
    }
  }
}

extension HTTP2Error {
  /// How metrics name a broken rule of the framing layer.
  static let violationToken: StaticString = "http2_protocol_error"

  /// How metrics name the error.
  var token: StaticString {
    switch self {
    case .flood(let kind): kind.name
    case .badPreface: "http2_bad_preface"
    case .protocolViolation, .outOfMemory: Self.violationToken
    }
  }
}
