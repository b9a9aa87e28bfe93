// One HTTP/2 connection to a server, which the streams of many exchanges share. It has no task: it
// takes turns, in which it reads what has come and sends what all of its streams have written since.

import Bytes
import Engine
import HTTP1
import HTTP2
import PolicyChain
import Transport

/// A connection that speaks HTTP/2 to an upstream server.
final class MultiplexedConnection: TurnTaker {
  /// Streams of one connection, whatever the server would take: more would only wait for each
  /// other's packets.
  static let streamsMax = 100
  /// Reads of one turn before other connections have theirs.
  private static let readsPerTurn = 8
  /// Milliseconds of silence after which a request goes out together with a question.
  static let quietTime: UInt64 = 10_000
  /// Milliseconds that a server has to answer a PING with anything at all.
  static let answerTime: UInt64 = 5_000

  let transport: Transport
  let session: HTTP2Session
  /// For one head of a request, cleared for each.
  let fields = OutgoingFields()
  let address: SocketAddress
  let server: UpstreamServer
  let pool: UpstreamPool
  var isAwaitingTurn = false
  private var phase = Phase.open
  private var streams: [ObjectIdentifier: UpstreamStream] = [:]
  /// Read and not yet taken by the session, which waits for heads to be taken first.
  private var unread: Buffer?
  /// Whether the server's SETTINGS have told how many streams it takes: until then there is one.
  private var isEstablished = false
  private var receivedAt: Instant
  private var idleSince: Instant
  /// When a PING was sent that nothing has followed.
  private var askedAt: Instant?
  /// Why all of its streams have failed.
  private(set) var failure: Failure?

  private enum Phase {
    case open
    /// Takes no more requests; closes with its last stream.
    case ending
    case closed
  }

  init(
    _ transport: Transport, to address: SocketAddress, of server: UpstreamServer,
    in pool: UpstreamPool
  ) throws(HTTP2Error) {
    self.transport = transport
    self.address = address
    self.server = server
    self.pool = pool
    let resources = pool.resources
    receivedAt = resources.loop.now
    idleSince = receivedAt
    session = try HTTP2Session(
      .client, settings: Self.settings, limits: FloodLimits(), bodies: resources.buffers)
    transport.socket.observer = self
  }

  /// Responses may have the heads that HTTP/1 may have. Every stream may have its whole window full:
  /// clients that stop reading must not stop the others.
  private static let settings: HTTP2Settings = {
    var settings = HTTP2Settings()
    settings.connectionWindow = settings.streamWindow * Int32(MultiplexedConnection.streamsMax)
    settings.headBytesMax = HeadLimits.response.headBytesMax
    settings.fieldsMax = HeadLimits.response.fieldsMax + 1
    return settings
  }()

  /// Whether one more request may be sent on it.
  var hasRoom: Bool {
    phase == .open && isEstablished && session.mayRequest && !transport.socket.isBroken
      && streams.count < min(session.peerStreamsMax, Self.streamsMax)
  }

  var isClosed: Bool { phase == .closed }

  // MARK: Streams

  /// A stream for one exchange; nothing is sent before it begins.
  func open(isFirst: Bool) -> UpstreamStream {
    let stream = UpstreamStream(on: self, isFresh: isFirst)
    streams[ObjectIdentifier(stream)] = stream
    return stream
  }

  /// A request goes out. After a long silence nobody knows whether the server is still there.
  func began() {
    let now = pool.resources.loop.now
    if now.since(receivedAt) > Self.quietTime * 1_000_000 { ask() }
    wake()
  }

  func ended(_ stream: UpstreamStream) {
    streams[ObjectIdentifier(stream)] = nil
    if streams.isEmpty {
      idleSince = pool.resources.loop.now
      // Nobody looks after the connections of a pool that a reload has replaced.
      if pool.isRetired { end() }
    }
    wake()
  }

  /// Asks the server whether it is there: a stream waited for it in vain, or it was quiet.
  func ask() {
    guard askedAt == nil, phase != .closed else { return }
    askedAt = pool.resources.loop.now
    session.ping()
    wake()
  }

  /// Sends one more time in this turn what the streams have written, and reads what has come.
  func wake() {
    if phase != .closed { pool.resources.turns.add(self) }
  }

  // MARK: A turn

  func takeTurn() {
    guard phase != .closed else { return }
    session.now = pool.resources.loop.now.nanoseconds
    read()
    noteEstablished()
    session.tellObservers()
    write()
    session.tellObservers()
    leaveWhenDone()
  }

  private func noteEstablished() {
    guard !isEstablished, session.isEstablished || phase == .closed else { return }
    isEstablished = true
    server.http2.endConnecting()
  }

  private func read() {
    if let unread {
      feed(unread)
      guard phase != .closed, unread.isEmpty else { return }
      giveBackUnread()
    }
    let buffers = pool.resources.buffers
    for _ in 0..<Self.readsPerTurn {
      guard phase != .closed, transport.mayHaveBytes else { return }
      let input = buffers.borrow()
      unread = input
      switch transport.receive(into: input) {
      case .count:
        receivedAt = pool.resources.loop.now
        askedAt = nil
        feed(input)
        guard input.isEmpty else { return }
      case .blocked: break
      case .ended: return fail(lost(nil))
      case .failed(let error): return fail(lost(error))
      }
      giveBackUnread()
    }
    if phase != .closed, transport.mayHaveBytes { wake() }
  }

  private func feed(_ input: Buffer) {
    do throws(HTTP2Error) {
      while !input.isEmpty {
        let whole = input.count
        let count = try session.receive(input.bytes)
        input.consume(count)
        // It waits for the streams to take their heads, and they wake it.
        if count < whole { return }
      }
    } catch { fail(broken(error)) }
  }

  private func write() {
    let pending = pool.resources.pending
    do throws(TransportError) {
      while phase != .closed, try transport.flush(), session.wantsWrite {
        let output = pending.borrow()
        defer { pending.giveBack(output) }
        let hasMore: Bool
        do throws(HTTP2Error) {
          hasMore = try session.write(into: output)
        } catch { return fail(broken(error)) }
        if !output.isEmpty { try transport.send(output.bytes) }
        guard hasMore else { return }
      }
    } catch { fail(lost(error)) }
  }

  private func leaveWhenDone() {
    guard phase != .closed else { return }
    if session.hasEnded, session.ownError != nil || !streams.isEmpty {
      return fail(session.ownError.map(refused) ?? lost(nil))
    }
    // After GOAWAY the streams below its last one go on; the others were closed by the session.
    if !session.mayRequest { end() }
    guard phase == .ending, streams.isEmpty else { return }
    session.endAccepting(.noError)
    write()
    close()
  }

  // MARK: Upkeep

  /// Ends an idle connection in time, asks one that has been idle for long, and gives up one that
  /// does not answer.
  func look(now: Instant, idleTimeout: UInt64) {
    if let askedAt, askedAt.advanced(milliseconds: Self.answerTime) <= now {
      return fail(
        Failure(
          .connectionTerminated, origin: .upstream, retry: .never,
          detail: "\(server.definition.name): no answer to a PING"))
    }
    guard streams.isEmpty else { return }
    if idleSince.advanced(milliseconds: idleTimeout) <= now { return end() }
    // Asked once: servers of gRPC take more for an attack.
    let half = idleSince.advanced(milliseconds: idleTimeout / 2)
    if half <= now, receivedAt < half, askedAt == nil { ask() }
  }

  /// Takes no more requests, and closes with its last stream.
  func end() {
    guard phase == .open else { return }
    phase = .ending
    server.http2.remove(self)
    wake()
  }

  /// A response broke a rule: who sent it is not asked again on this connection.
  func distrust() { end() }

  /// Ends the connection and all of its streams.
  private func fail(_ failure: Failure) {
    guard phase != .closed else { return }
    self.failure = failure
    close()
    for stream in streams.values { stream.streamChanged() }
  }

  private func close() {
    guard phase != .closed else { return }
    phase = .closed
    noteEstablished()
    server.http2.remove(self)
    giveBackUnread()
    transport.close(isAborting: failure != nil)
    pool.closed()
  }

  private func giveBackUnread() {
    guard let unread else { return }
    pool.resources.buffers.giveBack(unread)
    self.unread = nil
  }

  private func lost(_ error: TransportError?) -> Failure {
    let detail: String? =
      switch error {
      case .broken(let error): error.description
      case .insecure(let error): error.text
      case .timedOut, .cancelled, .closed, nil: nil
      }
    let name = server.definition.name
    return Failure(
      .connectionTerminated, origin: .upstream, retry: .ifIdempotent,
      detail: detail.map { "\(name): \($0)" } ?? name)
  }

  /// The session ended the connection itself, and has told the server why.
  private func refused(_ code: HTTP2ErrorCode) -> Failure {
    Failure(
      .upstreamProtocol, origin: .upstream, retry: .never,
      detail: "\(server.definition.name): HTTP/2 error \(code.rawValue)")
  }

  /// The server broke a rule of the framing layer: it is told which, as far as that is possible.
  private func broken(_ error: HTTP2Error) -> Failure {
    let output = pool.resources.pending.borrow()
    defer { pool.resources.pending.giveBack(output) }
    session.appendLastWords(error.code, to: output)
    do throws(TransportError) {
      if try transport.flush() { try transport.send(output.bytes) }
    } catch {
      // It has left already: there is nobody to tell.
    }
    return Failure(
      .upstreamProtocol, origin: .upstream, retry: .never,
      detail: "\(server.definition.name): \(error)")
  }
}

extension MultiplexedConnection: SocketObserver {
  func socketChanged() { wake() }
}
