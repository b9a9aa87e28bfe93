// An upstream on one worker: it chooses a server, lends connections and takes them back.

import Bytes
import Engine
import Glibc
import HTTP1
import HTTPMessage
import PolicyChain
import Synchronization
import TLS
import Transport

/// Counts of an upstream that all workers share. Touched when a connection opens or closes, not per
/// request.
package final class UpstreamShared: Sendable {
  package let openConnections = Atomic<Int>(0)
  package init() {}
}

/// One upstream's servers and connections on one worker.
package final class UpstreamPool {
  /// Servers that one request tries to connect to before it fails.
  static let connectAttemptsMax = 3

  package let definition: UpstreamDefinition
  package let servers: [UpstreamServer]
  let resources: WorkerResources
  let shared: UpstreamShared
  private var isRetired = false
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
    servers = definition.servers.enumerated().map { UpstreamServer($1, index: $0) }
  }

  /// A connection for the exchange: an idle one when `mayReuse`, else a new one.
  func lease(for exchange: Exchange, mayReuse: Bool) async throws(Failure) -> UpstreamLease {
    var attempt = 0
    let deadline = min(
      resources.loop.now.advanced(milliseconds: exchange.timeouts.connect), exchange.totalDeadline)
    while true {
      let server = choose(at: resources.loop.now)
      exchange.server = server.definition.label
      if mayReuse, let connection = server.takeIdle() {
        connection.isFresh = false
        return .connection(connection)
      }
      attempt += 1
      do throws(Failure) {
        if let lease = try await leaseShared(of: server, for: exchange, until: deadline) {
          return lease
        }
        return try await connect(to: server, for: exchange, until: deadline)
      } catch {
        guard attempt < min(Self.connectAttemptsMax, servers.count), error.retry == .safe,
          resources.loop.now < deadline
        else { throw error }
      }
    }
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

  /// Smooth weighted round robin over the servers that are not paused; over all when all are.
  func choose(at now: Instant) -> UpstreamServer {
    if servers.count == 1 { return servers[0] }
    let isAnyGood = servers.contains { !$0.isPaused(at: now) }
    var total = 0
    var best = servers[0]
    var bestWeight = Int.min
    for server in servers where !isAnyGood || !server.isPaused(at: now) {
      server.currentWeight += server.definition.weight
      total += server.definition.weight
      if server.currentWeight > bestWeight {
        best = server
        bestWeight = server.currentWeight
      }
    }
    best.currentWeight -= total
    return best
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
      // A client that left says nothing about the server.
      if error.origin == .upstream { server.pause(from: resources.loop.now) }
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
