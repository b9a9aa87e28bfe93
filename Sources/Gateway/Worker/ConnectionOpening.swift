// A connection whose protocol is not known yet: it finishes TLS, where ALPN decides (RFC 7301), or
// looks for the preface of HTTP/2 in clear text (RFC 9113 section 3.3).

import Bytes
import Engine
import HTTP1
import OpenSSL
import PolicyChain
import TLS
import Telemetry
import Transport

/// The first moments of a downstream connection.
final class ConnectionOpening: ClientConnection {
  /// RFC 9113 section 3.4.
  private static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

  let connection: DownstreamConnection
  let slot: Int
  let transport: Transport
  private let listener: ListenerRuntime
  private let context: WorkerContext
  private let waiter: Waiter
  private let openedAt: Instant

  init(
    _ transport: Transport, _ connection: DownstreamConnection, at listener: ListenerRuntime,
    slot: Int, in context: WorkerContext
  ) {
    self.transport = transport
    self.connection = connection
    self.listener = listener
    self.slot = slot
    self.context = context
    waiter = Waiter(on: context.loop)
    openedAt = context.loop.now
  }

  /// Finds out what the client speaks, and serves it.
  func run() async {
    transport.socket.observer = waiter
    let found = await secure() ? await protocolSpoken() : .nothing
    waiter.retire()
    switch found {
    case .http1(let input): await serveHTTP1(input)
    case .http2(let input): serveHTTP2(input)
    case .nothing:
      transport.close(isAborting: false)
      context.closed(self)
    }
  }

  private enum Spoken {
    case http1(Buffer?)
    case http2(Buffer?)
    /// The client left, took too long, or speaks what the listener does not.
    case nothing
  }

  private func serveHTTP1(_ input: Buffer?) async {
    let served = HTTP1Connection(
      transport: transport, connection: connection, listener: listener, slot: slot,
      context: context)
    served.input = input
    context.replace(self, by: served)
    await served.serve()
  }

  private func serveHTTP2(_ input: Buffer?) {
    let served = HTTP2Connection(
      transport, connection, at: listener, slot: slot, in: context)
    guard let served else {
      if let input { context.resources.buffers.giveBack(input) }
      transport.close(isAborting: true)
      return context.closed(self)
    }
    context.replace(self, by: served)
    served.begin(with: input)
  }

  // MARK: TLS

  /// Makes TLS ready. Returns false when the connection must end.
  private func secure() async -> Bool {
    guard transport.isSecure else { return true }
    let end = openedAt.advanced(milliseconds: listener.limits.handshakeTimeout)
    let metric = connection.listener.metric
    do throws(TransportError) {
      try await transport.handshake(waiter: waiter, until: end)
    } catch {
      context.recorder.metrics.handshakeEnded(
        HandshakeKey(listener: metric, version: .none, result: .failed))
      return false
    }
    guard let agreed = transport.session?.negotiation else { return false }
    connection.security = context.securityTerms.shared(agreed)
    guard noteCertificate() else {
      context.recorder.metrics.handshakeEnded(
        HandshakeKey(listener: metric, version: .none, result: .failed))
      return false
    }
    context.recorder.metrics.handshakeEnded(
      HandshakeKey(
        listener: metric, version: agreed.version == .tls13 ? .tls13 : .tls12,
        result: agreed.isResumed ? .resumed : .full))
    return true
  }

  /// Keeps what the client showed, for identities to judge. Returns false when it cannot be read:
  /// a client that showed something is not one that showed nothing.
  private func noteCertificate() -> Bool {
    do throws(CryptoError) {
      guard let leaf = try transport.session?.peerCertificate() else { return true }
      let chain = try transport.session?.peerChain() ?? []
      connection.certificate = ClientCertificate(leaf: leaf, chain: chain)
      return true
    } catch { return false }
  }

  // MARK: The protocol

  private func protocolSpoken() async -> Spoken {
    let offered = listener.limits.protocols
    if transport.isSecure {
      // A client that does not speak ALPN speaks HTTP/1.1, if that is spoken here.
      let agreed = transport.session?.negotiation?.applicationProtocol ?? .http1
      guard offered.contains(agreed) else { return .nothing }
      return agreed == .http2 ? .http2(nil) : .http1(nil)
    }
    guard offered.contains(.http2) else { return .http1(nil) }
    // Without HTTP/1.1 the session itself refuses what is no preface.
    return offered.contains(.http1) ? await sniff() : .http2(nil)
  }

  /// Reads until the first bytes tell. A client that says nothing for a while is left to HTTP/1,
  /// whose connections rest without a task.
  private func sniff() async -> Spoken {
    let end = openedAt.advanced(milliseconds: ConnectionLimits.restAfter)
    var input: Buffer?
    while true {
      if input == nil, !transport.mayHaveBytes {
        if await waiter.wait(until: end) != .signalled { return .http1(nil) }
        continue
      }
      let buffer = input ?? context.resources.buffers.borrow()
      input = buffer
      switch transport.receive(into: buffer) {
      case .count:
        let seen = min(buffer.count, Self.preface.utf8CodeUnitCount)
        let isPreface = Self.preface.bytes.extracting(0..<seen)
          .equals(buffer.bytes.extracting(0..<seen))
        if !isPreface { return .http1(input) }
        if seen == Self.preface.utf8CodeUnitCount { return .http2(input) }
      case .blocked:
        guard await waiter.wait(until: end) == .signalled else { return .http1(input) }
      case .ended, .failed:
        context.resources.buffers.giveBack(buffer)
        return .nothing
      }
    }
  }

  // MARK: In the worker's table

  // Its task waits for the socket and for its deadline by itself.
  func woken() {}
  func expired() {}

  func drain() {
    // Its first request may well be on its way.
    let age = context.loop.now.since(openedAt)
    if age >= ConnectionLimits.restAfter * 1_000_000 { cancel() }
  }

  func cancel() { waiter.cancel() }
}
