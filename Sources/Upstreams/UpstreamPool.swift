// An upstream on one worker: it chooses a server, lends connections and takes them back.

import Bytes
import Engine
import Glibc
import HTTP1
import HTTPMessage
import PolicyChain
import TLS
import Transport

/// One upstream's servers and connections on one worker.
package final class UpstreamPool {
  /// Servers that one request tries to connect to before it fails.
  static let connectAttemptsMax = 3

  package let definition: UpstreamDefinition
  package let servers: [UpstreamServer]
  let resources: WorkerResources
  let shared: UpstreamShared
  /// Whether all servers have the same share at all times.
  let isEvenlyWeighted: Bool
  /// For `balance hash`.
  let ring: HashRing?
  private(set) var isRetired = false
  /// By server; empty when the upstream is spoken to in clear text.
  private var contexts: [TLSClientContext] = []
  /// The same for exchanges that need HTTP/1.1, where TLS would choose otherwise.
  private var plainContexts: [TLSClientContext] = []

  package init(
    _ definition: UpstreamDefinition, shared: UpstreamShared, resources: WorkerResources
  ) throws(TLSSetupError) {
    if let security = definition.security {
      var trust: TrustStore?
      if let bundle = security.authorities {
        trust = try TrustStore(bundle, library: resources.library)
      }
      func context(
        _ server: ServerDefinition, _ protocols: [ApplicationProtocol]
      ) throws(TLSSetupError) -> TLSClientContext {
        let settings = TLSClientSettings(
          serverName: security.serverName ?? server.hostName,
          verification: security.authorities.map { .against($0) } ?? .off,
          protocols: protocols, certificate: security.certificate)
        return try TLSClientContext(settings: settings, trust: trust, library: resources.library)
      }
      for server in definition.servers {
        switch definition.version {
        case .http1: contexts.append(try context(server, [.http1]))
        case .http2: contexts.append(try context(server, [.http2]))
        case .chosenByTLS:
          contexts.append(try context(server, [.http2, .http1]))
          plainContexts.append(try context(server, [.http1]))
        }
      }
    }
    self.definition = definition
    self.shared = shared
    self.resources = resources
    servers = definition.servers.enumerated().map {
      UpstreamServer($1, index: $0, state: shared.server($1.name))
    }
    isEvenlyWeighted =
      definition.slowStart == 0 && Set(definition.servers.map(\.weight)).count == 1
    if case .hash = definition.balance {
      ring = HashRing(definition.servers.map { ($0.name, $0.weight) })
    } else {
      ring = nil
    }
  }

  /// The server that the request goes to; log and metrics count the exchange as its own. It counts
  /// a try, until the lease is released.
  func chooseServer(for exchange: Exchange) -> UpstreamServer {
    let server = choose(for: exchange, at: resources.loop.now)
    exchange.server = server.label
    exchange.upstream.tried |= server.bit
    server.state.begin()
    return server
  }

  /// A stream of a shared connection to the server, or a connection of its own. When the server
  /// cannot be reached the next ones are tried, and there an idle connection is as good when
  /// `mayReuse`.
  func connect(
    to first: UpstreamServer, for exchange: Exchange, mayReuse: Bool
  ) async throws(Failure) -> UpstreamLease {
    var server = first
    var attempt = 1
    let deadline = min(
      resources.loop.now.advanced(milliseconds: exchange.timeouts.connect), exchange.totalDeadline)
    while true {
      let began = resources.loop.now
      do throws(Failure) {
        if let lease = try await leaseShared(of: server, for: exchange, until: deadline) {
          return lease
        }
        return try await connect(to: server, for: exchange, until: deadline)
      } catch {
        server.state.end()
        let now = resources.loop.now
        // A client that left says nothing about the server.
        if error.origin == .upstream {
          server.state.leaveOut(
            until: now.advanced(milliseconds: UpstreamServer.pauseAfterFailure))
          failed(server, after: now.since(began))
        }
        // Only a server that is thought to be good is worth another attempt: when all are down,
        // each request knocks once.
        guard attempt < min(Self.connectAttemptsMax, servers.count), error.retry == .safe,
          now < deadline, hasFresh(for: exchange, at: now)
        else { throw error }
      }
      attempt += 1
      server = chooseServer(for: exchange)
      if mayReuse, let connection = server.lendIdle() { return .connection(connection) }
    }
  }

  /// A try at the server is over: notes what it says of the server.
  func judge(
    _ exchange: Exchange, on server: UpstreamServer, isAtFault: Bool, isAnswered: Bool
  ) {
    server.state.end()
    let now = resources.loop.now
    let sent = exchange.upstream.sentAt ?? exchange.startedAt
    let took = (exchange.upstream.firstByteAt ?? now).since(sent)
    if isAtFault {
      failed(server, after: took)
    } else if isAnswered {
      if definition.outlier.statuses.contains(exchange.upstream.status) {
        failed(server, after: took)
      } else {
        server.state.succeeded(in: took, at: now)
      }
    }
  }

  /// Whether the failure of an exchange is the server's: a client that is slow to send its request
  /// uses up the total time all by itself.
  static func isFault(_ failure: Failure?, isUploading: Bool) -> Bool {
    guard let failure, failure.origin == .upstream else { return false }
    return failure.reason != .totalTimeout || !isUploading
  }

  /// A try at the server failed, and it is the server's fault.
  func failed(_ server: UpstreamServer, after nanoseconds: UInt64) {
    let now = resources.loop.now
    let rule = definition.outlier
    let streak = server.state.failed(in: nanoseconds, at: now)
    guard rule.consecutive > 0, streak >= rule.consecutive else { return }
    shared.eject(
      server.state, for: .consecutive(streak), of: servers.count, by: rule, at: now)
  }

  /// Takes a connection back after its exchange, to keep or to close it.
  func release(_ connection: UpstreamConnection) {
    guard connection.isReusable, !isRetired,
      connection.server.idleCount < definition.idleMax
    else {
      connection.close(isAborting: false)
      return
    }
    connection.idleSince = resources.loop.now
    connection.server.keepIdle(connection)
  }

  func closed() { shared.openConnections.subtract(1, ordering: .relaxed) }

  /// Takes what is known of the servers' names; servers whose name is not in it keep what they
  /// have.
  package func resolve(with known: [String: [IPAddress]]) {
    for server in servers {
      guard case .name(let name, let port) = server.definition.host, let found = known[name]
      else { continue }
      server.resolved(to: found.map { .ip($0, port: port) })
    }
  }

  /// Closes what has been idle too long. Called about once a second.
  package func sweep() {
    let now = resources.loop.now
    for server in servers {
      server.sweep(now: now, idleTimeout: definition.idleTimeout)
      server.http2.sweep(now: now, idleTimeout: definition.idleTimeout) {
        server.addresses.contains($0.address)
      }
    }
  }

  /// Lends nothing any more and keeps nothing that comes back: a newer generation has taken over.
  package func retire() {
    isRetired = true
    for server in servers {
      server.closeIdle()
      server.http2.end()
    }
  }

  func connect(
    to server: UpstreamServer, for exchange: Exchange, until deadline: Instant
  ) async throws(Failure) -> UpstreamLease {
    guard let address = server.takeAddress() else {
      throw Failure(
        .nameNotResolved, origin: .upstream, retry: .safe, detail: server.definition.name)
    }
    guard takePlace() else {
      throw Failure(
        .upstreamConnections, origin: .gateway, retry: .never, detail: definition.name)
    }
    do throws(Failure) {
      let transport = try await open(address, server: server, for: exchange, until: deadline)
      return try lease(transport, to: address, of: server, for: exchange)
    } catch {
      closed()
      throw error
    }
  }

  private func takePlace() -> Bool {
    let (before, _) = shared.openConnections.add(1, ordering: .relaxed)
    if before < definition.connectionsMax { return true }
    closed()
    return false
  }

  private func open(
    _ address: SocketAddress, server: UpstreamServer, for exchange: Exchange,
    until deadline: Instant
  ) async throws(Failure) -> Transport {
    let socket: Socket
    do throws(SystemError) {
      socket = try Connecting.start(to: address, on: resources.loop)
    } catch { throw Self.refusal(error, server) }
    socket.observer = exchange.waiter
    let transport = try makeTransport(socket, server, exchange)
    do throws(Failure) {
      while !socket.isWritable {
        try await exchange.waitUpstream(until: deadline, else: .connectTimeout)
      }
      if let error = socket.connectError() { throw Self.refusal(error, server) }
      if transport.isSecure { try await handshake(transport, server, exchange, deadline) }
    } catch {
      transport.close(isAborting: true)
      throw error
    }
    return transport
  }

  private func makeTransport(
    _ socket: Socket, _ server: UpstreamServer, _ exchange: Exchange
  ) throws(Failure) -> Transport {
    guard !contexts.isEmpty else {
      return Transport(socket: socket, pending: resources.pending)
    }
    let isPlain = exchange.upgrade != nil && !plainContexts.isEmpty
    let context = isPlain ? plainContexts[server.index] : contexts[server.index]
    do throws(TLSError) {
      let session = try TLSSession(connecting: context, scratch: resources.tls)
      return Transport(
        socket: socket, session: session, scratch: resources.tls, pending: resources.pending)
    } catch {
      socket.close()
      throw Failure(.upstreamTLS, origin: .gateway, retry: .never, detail: error.text)
    }
  }

  private func handshake(
    _ transport: Transport, _ server: UpstreamServer, _ exchange: Exchange, _ deadline: Instant
  ) async throws(Failure) {
    let before = Instant.now()
    do throws(TransportError) {
      try await transport.handshake(
        waiter: exchange.waiter, until: min(deadline, exchange.totalDeadline))
      exchange.waitedNanoseconds &+= resources.loop.now.since(before)
    } catch {
      let name = server.definition.name
      switch error {
      case .timedOut:
        throw Failure(.connectTimeout, origin: .upstream, retry: .safe, detail: name)
      case .cancelled: throw Failure(.draining, origin: .gateway, retry: .never)
      case .insecure(let error):
        let reason: Reason = error.isAboutCertificate ? .upstreamCertificate : .upstreamTLS
        throw Failure(
          reason, origin: .upstream, retry: .safe, detail: "\(name): \(error.text)")
      case .broken(let error):
        throw Failure(.upstreamTLS, origin: .upstream, retry: .safe, detail: "\(name): \(error)")
      case .closed: throw Failure(.upstreamTLS, origin: .upstream, retry: .safe, detail: name)
      }
    }
  }

  private static func refusal(_ error: SystemError, _ server: UpstreamServer) -> Failure {
    let detail = "\(server.definition.name): \(error)"
    return switch error.code {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EAGAIN:
      // Ours ran out: another server would be no better.
      Failure(.overloaded, origin: .gateway, retry: .never, detail: detail)
    case ETIMEDOUT:
      Failure(.connectTimeout, origin: .upstream, retry: .safe, detail: detail)
    case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN:
      Failure(.upstreamUnroutable, origin: .upstream, retry: .safe, detail: detail)
    default:
      Failure(.connectionRefused, origin: .upstream, retry: .safe, detail: detail)
    }
  }
}
