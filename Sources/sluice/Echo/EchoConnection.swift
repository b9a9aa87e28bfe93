// One connection of the echo upstream: request after request, each answered before the next one is
// read.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import Transport

final class EchoConnection {
  /// Why a connection ends.
  enum Ending: Error {
    case transport(TransportError)
    case protocolError(HTTP1Error)
    /// Nothing more is to be read or written.
    case over
  }

  private let transport: Transport
  private let peer: String
  private let server: EchoShared
  private let waiter: Waiter
  private let input = Buffer(capacity: WorkerResources.bufferBytes)
  private let request = Request(fields: FieldSection(addedBytesMax: 64))
  private let trailers = FieldSection(addedBytesMax: 64)
  private var parser = RequestParser(limits: .request, rules: RequestRules())
  private var isIdle = true

  init(_ socket: Socket, from peer: SocketAddress, of server: EchoShared) {
    transport = Transport(socket: socket, pending: server.pending)
    self.peer = peer.description
    self.server = server
    waiter = Waiter(on: server.loop)
    socket.observer = waiter
  }

  /// Serves until either side ends the connection.
  func serve() async {
    do throws(Ending) {
      repeat {} while try await serveRequest()
      await linger()
    } catch {
      if case .protocolError(let broken) = error { await refuse(broken) }
    }
    waiter.retire()
    transport.close(isAborting: false)
  }

  /// Ends the connection when it waits for a request; one in flight is answered first.
  func drain() { if isIdle { waiter.cancel() } }

  /// Ends the connection whatever it does.
  func cancel() { waiter.cancel() }

  /// Returns whether the connection can take another request.
  private func serveRequest() async throws(Ending) -> Bool {
    try await readHead()
    let received = EchoRequest(request, from: peer)
    var body = EchoBody(request.framing)
    defer { server.budget.giveBack(body.bytes.count) }
    if request.expectsContinue {
      var interim = Output(capacity: 32)
      ResponseEncoder.encodeContinue(into: &interim)
      try await send(interim.bytes)
    }
    let isWhole = try await read(&body)
    let mayStay = isWhole && received.keepsAlive && !server.isDraining
    let reply = EchoReply(
      to: received, keepsAlive: mayStay, over: self, server.digests)
    if isWhole { try await reply.send(body) } else { try await reply.sendTooLarge() }
    isIdle = true
    return mayStay && !server.isDraining
  }

  // MARK: Reading

  private func readHead() async throws(Ending) {
    request.reset()
    if input.isEmpty { input.clear() } else { input.compact() }
    isIdle = input.isEmpty
    var deadline = deadline(isIdle ? EchoLimits.idleTimeout : EchoLimits.headTimeout)
    while true {
      if !input.isEmpty {
        if isIdle { deadline = self.deadline(EchoLimits.headTimeout) }
        isIdle = false
        do throws(HTTP1Error) {
          if try parser.parse(input, into: request) == .done { return }
        } catch { throw .protocolError(error) }
      }
      try await readMore(until: deadline)
    }
  }

  /// Returns false when the body is larger than what is kept.
  private func read(_ body: inout EchoBody) async throws(Ending) -> Bool {
    while true {
      do throws(HTTP1Error) {
        switch try body.collect(input, server.budget, trailers: trailers) {
        case .done: return true
        case .tooLarge: return false
        case .needsMore: break
        }
      } catch { throw .protocolError(error) }
      if input.isEmpty { input.clear() } else { input.compact() }
      try await readMore(until: deadline(EchoLimits.stallTimeout))
    }
  }

  private func readMore(until deadline: Instant) async throws(Ending) {
    do throws(TransportError) {
      guard input.freeCount > 0 else { throw .closed }
      if try await transport.read(into: input, waiter: waiter, until: deadline) > 0 { return }
    } catch { throw .transport(error) }
    throw .over
  }

  // MARK: Writing

  /// Sends bytes and waits until the kernel has them.
  func send(_ bytes: Span<UInt8>) async throws(Ending) {
    do throws(TransportError) {
      try transport.send(bytes)
      if transport.hasUnsent {
        try await transport.drain(waiter: waiter, until: deadline(EchoLimits.stallTimeout))
      }
    } catch { throw .transport(error) }
  }

  /// Waits before more is sent.
  func pause(_ milliseconds: UInt64) async throws(Ending) {
    guard await waiter.sleep(milliseconds: milliseconds) == .timedOut else { throw .over }
  }

  /// Answers what is no request; its rest is never read.
  private func refuse(_ error: HTTP1Error) async {
    var answer = Output(capacity: 512)
    EchoReply.appendRefusal(error, into: &answer)
    do throws(Ending) {
      try await send(answer.bytes)
      await linger()
    } catch {
      // The client left without its answer.
      return
    }
  }

  /// Lets the client read the answer before the close: unread bytes would reset it away.
  private func linger() async {
    transport.endSending()
    let end = deadline(1_000)
    do throws(TransportError) {
      for _ in 0..<64 {
        input.clear()
        if try await transport.read(into: input, waiter: waiter, until: end) == 0 { return }
      }
    } catch {
      // Whatever ended it: the connection closes now.
      return
    }
  }

  private func deadline(_ milliseconds: UInt64) -> Instant {
    server.loop.now.advanced(milliseconds: milliseconds)
  }
}
