// Leases of servers that speak HTTP/2: a stream where a connection has room for one, and one
// connection at a time being made where none has.

import Engine
import HTTP2
import HTTPMessage
import PolicyChain
import Transport

extension UpstreamPool {
  /// A stream to the server for the exchange, from a connection that is shared or about to be. Nil
  /// when the server does not speak HTTP/2, or the exchange cannot use it.
  func leaseShared(
    of server: UpstreamServer, for exchange: Exchange, until deadline: Instant
  ) async throws(Failure) -> UpstreamLease? {
    let shared = server.http2
    // A connection that becomes a tunnel is nothing to share.
    guard definition.version != .http1, exchange.upgrade == nil else { return nil }
    while true {
      if let connection = shared.usable { return .stream(connection.open(isFirst: false)) }
      guard definition.version == .http2 || shared.speaksHTTP2 != false else { return nil }
      guard shared.isConnecting else { break }
      try await shared.wait(for: exchange, until: deadline)
    }
    shared.beginConnecting()
    do throws(Failure) {
      let lease = try await connect(to: server, for: exchange, until: deadline)
      // A shared connection tells by itself when others may have streams of it.
      if case .connection = lease { shared.endConnecting() }
      return lease
    } catch {
      shared.endConnecting()
      throw error
    }
  }

  /// What a connection that was just made is lent as: its handshake has told what it speaks.
  func lease(
    _ transport: Transport, to address: SocketAddress, of server: UpstreamServer,
    for exchange: Exchange
  ) throws(Failure) -> UpstreamLease {
    guard speaksHTTP2(transport) else {
      // A tunnel was offered nothing else.
      if exchange.upgrade == nil { server.http2.speaksHTTP2 = false }
      guard definition.version != .http2 else {
        transport.close(isAborting: true)
        throw Failure(
          .upstreamTLS, origin: .upstream, retry: .never,
          detail: "\(server.definition.name): ALPN did not choose h2")
      }
      return .connection(UpstreamConnection(transport, to: address, of: server, in: self))
    }
    server.http2.speaksHTTP2 = true
    do throws(HTTP2Error) {
      let connection = try MultiplexedConnection(transport, to: address, of: server, in: self)
      server.http2.add(connection)
      return .stream(connection.open(isFirst: true))
    } catch {
      transport.close(isAborting: true)
      throw Failure(.overloaded, origin: .gateway, retry: .never, detail: "\(error)")
    }
  }

  private func speaksHTTP2(_ transport: Transport) -> Bool {
    guard let session = transport.session else { return definition.version == .http2 }
    return session.negotiation?.applicationProtocol == .http2
  }
}
