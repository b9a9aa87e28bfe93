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
  let resources: WorkerResources
  let shared: UpstreamShared
  private(set) var isRetired = false
  let breaker: Breaker?
  /// Whether clients are kept on their servers by a cookie.
  let isSticky: Bool
  private let contexts: ServerContexts
  /// This pool, as other workers see it.
  private(set) var lender: IdleLender?
  private var present: ServerSet

  /// - Parameter servers: those that the config names, and those that were found.
  package init(
    _ definition: UpstreamDefinition, servers: [ServerDefinition], shared: UpstreamShared,
    resources: WorkerResources
  ) throws(TLSSetupError) {
    contexts = try ServerContexts(definition, library: resources.library)
    breaker = shared.breaker(by: definition.breaker)
    isSticky = definition.sticky != nil
    self.definition = definition
    self.shared = shared
    self.resources = resources
    present = ServerSet([], for: definition)
    try replaceServers(with: servers)
    let lender = IdleLender(self, on: resources.loop)
    self.lender = lender
    shared.lenders.add(lender)
  }

  var members: ServerSet { present }
  package var servers: [UpstreamServer] { present.servers }

  /// Goes on with these servers. Those that stay keep their connections; those that are gone end
  /// what they have under way. Nothing changes when it throws.
  package func replaceServers(with definitions: [ServerDefinition]) throws(TLSSetupError) {
    var leaving = Dictionary(
      present.servers.map { ($0.definition, $0) }, uniquingKeysWith: { first, _ in first })
    var next: [UpstreamServer] = []
    for definition in definitions {
      if let kept = leaving.removeValue(forKey: definition) {
        next.append(kept)
      } else {
        next.append(try makeServer(definition))
      }
    }
    present = ServerSet(next, for: definition)
    for server in leaving.values { server.leave() }
  }

  private func makeServer(
    _ server: ServerDefinition
  ) throws(TLSSetupError) -> UpstreamServer {
    let isChosen = definition.version == .chosenByTLS
    return UpstreamServer(
      server, state: shared.server(server.name),
      context: try contexts.context(for: server, speaking: definition.version.offered),
      plainContext: isChosen ? try contexts.context(for: server, speaking: [.http1]) : nil)
  }

  /// The server that the request goes to; log and metrics count the exchange as its own. It counts
  /// a try, until the lease is released.
  func chooseServer(for exchange: Exchange) throws(Failure) -> UpstreamServer {
    let now = resources.loop.now
    let sticky = isSticky ? chooseSticky(for: exchange, at: now) : nil
    guard let server = sticky ?? choose(for: exchange, at: now) else {
      breaker?.ended(
        admission(of: exchange), isGood: nil, after: 0, at: now)
      throw Failure(
        .upstreamUnavailable, origin: .upstream, retry: .never, detail: definition.name)
    }
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
        let now = resources.loop.now
        unreachable(server, error, after: now.since(began))
        // Only a server that is thought to be good is worth another attempt: when all are down,
        // each request knocks once.
        guard attempt < min(Self.connectAttemptsMax, servers.count), error.retry == .safe,
          now < deadline, hasFresh(for: exchange, at: now)
        else {
          breaker?.ended(
            admission(of: exchange), isGood: error.origin == .upstream ? false : nil,
            after: now.since(began),
            at: now)
          throw error
        }
      }
      attempt += 1
      server = try chooseServer(for: exchange)
      if mayReuse, let connection = server.lendIdle() { return .connection(connection) }
    }
  }

  /// A try ended without a connection. A client that left says nothing about the server.
  private func unreachable(
    _ server: UpstreamServer, _ error: Failure, after nanoseconds: UInt64
  ) {
    server.state.end()
    guard error.origin == .upstream else { return }
    server.state.leaveOut(
      until: resources.loop.now.advanced(milliseconds: UpstreamServer.pauseAfterFailure))
    failed(server, after: nanoseconds)
  }

  /// Asks the breaker, before a server is chosen.
  func admit(_ exchange: Exchange) throws(Failure) {
    guard let breaker else { return }
    exchange.upstream.probe = 0
    switch breaker.admit(at: resources.loop.now) {
    case .pass: return
    case .probe(let round): exchange.upstream.probe = round
    case .refuse(let milliseconds):
      exchange.retryAfter = max(1, (milliseconds + 999) / 1_000)
      throw Failure(.breakerOpen, origin: .gateway, retry: .never, detail: definition.name)
    }
  }

  /// The usual time to an answer of the fastest server, in milliseconds; zero when none is known.
  func usualMilliseconds(at now: Instant) -> UInt64 {
    var fastest = UInt64.max
    for server in servers {
      let latency = server.state.latencyMicroseconds(at: now)
      if latency > 0 { fastest = min(fastest, latency) }
    }
    return fastest == .max ? 0 : fastest / 1_000
  }

  /// A try at the server is over: notes what it says of the server, and of the upstream.
  ///
  /// Neither at fault nor answered is a try whose client left first, or whose connection had been
  /// closed before: that says nothing.
  func judge(
    _ exchange: Exchange, on server: UpstreamServer, isAtFault: Bool, isAnswered: Bool
  ) {
    server.state.end()
    let now = resources.loop.now
    let status = exchange.upstream.status
    let sent = exchange.upstream.sentAt ?? exchange.startedAt
    let took = (exchange.upstream.firstByteAt ?? now).since(sent)
    // However a tunnel ends, its server has answered well.
    let isTunnel = status == 101
    var isGood: Bool?
    if isTunnel || (isAnswered && !isAtFault && !isFailure(status)) {
      server.state.succeeded(in: took, at: now)
      isGood = !isServerError(status)
    } else if isAtFault || isAnswered {
      failed(server, after: took)
      isGood = false
    }
    guard let breaker else { return }
    breaker.ended(admission(of: exchange), isGood: isGood, after: took, at: now)
  }

  /// What the breaker said to the exchange's present try.
  private func admission(of exchange: Exchange) -> BreakerMachine.Admission {
    let round = exchange.upstream.probe
    return round == 0 ? .pass : .probe(round: round)
  }

  /// Whether the status counts against the one server, which may be ejected.
  private func isFailure(_ status: UInt16) -> Bool {
    status >= 400 && definition.outlier.statuses.contains(status)
  }

  /// Whether the status counts against the upstream, which may be given a rest. 501 and 505 speak
  /// of the request.
  private func isServerError(_ status: UInt16) -> Bool {
    status >= 500 && status != 501 && status != 505
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
    guard connection.isReusable, !isRetired, !connection.server.isGone,
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
    if let lender { shared.lenders.remove(lender) }
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
    try await takePlace(for: exchange, until: deadline)
    do throws(Failure) {
      let transport = try await open(address, server: server, for: exchange, until: deadline)
      return try lease(transport, to: address, of: server, for: exchange)
    } catch {
      closed()
      throw error
    }
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
    let plain = exchange.upgrade == nil ? nil : server.plainContext
    guard let context = plain ?? server.context else {
      return Transport(socket: socket, pending: resources.pending)
    }
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
