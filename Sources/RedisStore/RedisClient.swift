// One worker's connection to a Redis. Questions of one turn of the loop leave in one write; answers
// come in their order. When one comes too late the server counts as away: nobody waits then, and
// the connection is made again in the background.

import Buckets
import Bytes
import Engine
import PolicyChain
import RESP
import TLS
import Transport

/// Asks a Redis about buckets. `run` serves it until `retire`.
package final class RedisClient: LimitStore {
  package let definition: RedisDefinition
  package private(set) var gatewayCount: UInt64 = 1
  /// Keys that were refused, until when.
  package let refusals = RefusedKeys()

  let resources: WorkerResources
  let health: RedisHealth
  private let tls: TLSClientContext?
  private let worker: Int
  private var addresses: [SocketAddress] = []
  private var attempts = 0
  private var isRetired = false
  package private(set) var isStarted = false

  /// What the task that serves the connection waits on.
  let waiter: Waiter
  /// Commands that are not with the kernel yet.
  private var output = Output(capacity: 4096)
  /// The commands' questions, the oldest first.
  private var asked: [RedisQuestion] = []
  /// The name of the script at the server; empty while there is no connection.
  private var script: [UInt8] = []

  package init(
    _ definition: RedisDefinition, health: RedisHealth, worker: Int, resources: WorkerResources
  ) throws(TLSSetupError) {
    self.definition = definition
    self.health = health
    self.worker = worker
    self.resources = resources
    waiter = Waiter(on: resources.loop)
    if let name = definition.serverName {
      tls = try TLSClientContext(
        settings: TLSClientSettings(
          serverName: name, verification: definition.authorities.map { .against($0) } ?? .off,
          protocols: [], certificate: nil), trust: nil, library: resources.library)
    } else {
      tls = nil
    }
    if case .address(let address) = definition.host { addresses = [address] }
  }

  package var isReachable: Bool { !script.isEmpty }

  /// The resolver's newest answer for the server's name.
  package func resolve(with known: [String: [IPAddress]]) {
    guard case .name(let name, let port) = definition.host, let found = known[name] else { return }
    addresses = found.map { .ip($0, port: port) }
  }

  /// Ends the connection and `run`.
  package func retire() {
    isRetired = true
    waiter.cancel()
  }

  // MARK: Questions

  package func decide(
    _ questions: [BucketQuestion], for exchange: Exchange
  ) async -> StoreDecision? {
    guard isReachable, asked.count < RedisLimits.askedMax else { return nil }
    let deadline = resources.loop.now.advanced(milliseconds: definition.timeout)
    var question = ask(until: deadline, exchange.waiter) { output in
      RedisCommands.decide(questions, by: .digest(script), into: &output)
    }
    var reply = await answer(to: question, exchange)
    if reply?.isError("NOSCRIPT") == true, isReachable {
      // The server has forgotten its scripts: told once more, it knows it again.
      question = ask(until: deadline, exchange.waiter) { output in
        RedisCommands.decide(questions, by: .text, into: &output)
      }
      reply = await answer(to: question, exchange)
    }
    return reply.flatMap { RedisCommands.decision($0, count: questions.count) }
  }

  private func ask(
    until deadline: Instant, _ asker: Waiter, _ command: (inout Output) -> Void
  ) -> RedisQuestion {
    let question = RedisQuestion(deadline: deadline, asker: asker)
    command(&output)
    asked.append(question)
    // The connection's task runs behind all that is ready in this turn.
    waiter.signal()
    return question
  }

  private func answer(to question: RedisQuestion, _ exchange: Exchange) async -> Reply? {
    let before = Instant.now()
    defer { exchange.waitedNanoseconds &+= resources.loop.now.since(before) }
    while !question.isOver {
      // It is at most the timeout that a client which left keeps us.
      guard await exchange.waiter.wait(until: question.deadline) == .signalled else {
        if question.isOver { break }
        question.forget()
        return nil
      }
    }
    return question.reply
  }

  // MARK: The connection

  /// Keeps a connection as long as the client is in use.
  package func run() async {
    isStarted = true
    while !isRetired {
      let problem = await serve()
      script.removeAll()
      output.clear()
      let unanswered = asked
      asked.removeAll()
      for question in unanswered { question.end(with: nil) }
      if isRetired { break }
      health.lost(worker, problem)
      let pause = min(RedisLimits.pauseMin << UInt64(min(attempts, 8)), RedisLimits.pauseMax)
      attempts += 1
      if await waiter.sleep(milliseconds: pause + .random(in: 0..<pause)) == .cancelled { break }
    }
    waiter.retire()
  }

  /// Connects, and serves the connection to its end. Returns why it ended.
  private func serve() async -> String {
    let transport: Transport
    do throws(RedisProblem) {
      transport = try await connect()
    } catch { return error.text }
    let input = resources.buffers.borrow()
    defer {
      resources.buffers.giveBack(input)
      transport.close(isAborting: false)
    }
    do throws(RedisProblem) {
      let reader = try RedisProblem.wrapping { () throws(ReplyError) in try ReplyReader() }
      script = try await setUp(transport, reader, input)
      attempts = 0
      health.connected(worker)
      try await exchangeMessages(transport, reader, input)
    } catch { return error.text }
  }

  private func connect() async throws(RedisProblem) -> Transport {
    guard !addresses.isEmpty else { throw RedisProblem("its name has no address yet") }
    let deadline = resources.loop.now.advanced(milliseconds: RedisLimits.connectTimeout)
    let socket: Socket
    do throws(SystemError) {
      socket = try Connecting.start(to: addresses[attempts % addresses.count], on: resources.loop)
    } catch { throw RedisProblem("\(error)") }
    socket.observer = waiter
    let transport = try makeTransport(socket)
    do throws(RedisProblem) {
      try await RedisProblem.wrapping { () async throws(TransportError) in
        while !socket.isWritable { try await transport.wait(waiter, until: deadline) }
      }
      if let error = socket.connectError() { throw RedisProblem("\(error)") }
      try await RedisProblem.wrapping { () async throws(TransportError) in
        try await transport.handshake(waiter: waiter, until: deadline)
      }
    } catch {
      transport.close(isAborting: true)
      throw error
    }
    return transport
  }

  private func makeTransport(_ socket: Socket) throws(RedisProblem) -> Transport {
    guard let tls else { return Transport(socket: socket, pending: resources.pending) }
    do throws(TLSError) {
      return Transport(
        socket: socket, session: try TLSSession(connecting: tls, scratch: resources.tls),
        scratch: resources.tls, pending: resources.pending)
    } catch {
      socket.close()
      throw RedisProblem(error.text)
    }
  }

  /// Signs in, selects the database and loads the script. Returns the script's name.
  private func setUp(
    _ transport: Transport, _ reader: ReplyReader, _ input: Buffer
  ) async throws(RedisProblem) -> [UInt8] {
    let deadline = resources.loop.now.advanced(milliseconds: RedisLimits.connectTimeout)
    output.clear()
    let count = RedisCommands.setUp(definition, into: &output)
    var name: [UInt8] = []
    try sendOutput(transport)
    for _ in 0..<count {
      let reply = try await next(transport, reader, input, until: deadline)
      switch reply {
      case .text(let text): name = text
      case .error(let line): throw RedisProblem(answered: line)
      default: throw RedisProblem("it answered what was not asked")
      }
    }
    guard name.count == 40 else { throw RedisProblem("it gave the script no name") }
    return name
  }

  private func next(
    _ transport: Transport, _ reader: ReplyReader, _ input: Buffer, until deadline: Instant
  ) async throws(RedisProblem) -> Reply {
    while true {
      if let reply = try reader.nextReply() { return reply }
      let count = try await RedisProblem.wrapping { () async throws(TransportError) in
        try await transport.drain(waiter: waiter, until: deadline)
        input.clear()
        return try await transport.read(into: input, waiter: waiter, until: deadline)
      }
      if count == 0 { throw RedisProblem("it closed the connection") }
      try reader.take(input.bytes)
    }
  }

  /// Sends and receives until something fails: there is always a heartbeat to wait for.
  private func exchangeMessages(
    _ transport: Transport, _ reader: ReplyReader, _ input: Buffer
  ) async throws(RedisProblem) -> Never {
    var nextBeat = resources.loop.now
    var beat: RedisQuestion?
    while true {
      let now = resources.loop.now
      if let pulse = beat, pulse.isOver {
        if case .integer(let count)? = pulse.reply { gatewayCount = UInt64(max(count, 1)) }
        beat = nil
      }
      if beat == nil, now >= nextBeat {
        beat = ask(until: now.advanced(milliseconds: RedisLimits.heartbeatTimeout), waiter) {
          RedisCommands.heartbeat(of: health.instance, into: &$0)
        }
        nextBeat = now.advanced(milliseconds: RedisLimits.heartbeatInterval)
      }
      try sendOutput(transport)
      try receive(transport, reader, input)
      let due = min(asked.first?.deadline ?? .never, nextBeat)
      if let oldest = asked.first, oldest.deadline <= resources.loop.now {
        throw RedisProblem("it did not answer in time")
      }
      if await waiter.wait(until: due) == .cancelled {
        throw RedisProblem("it is not used any more")
      }
    }
  }

  /// Everything that gathered in this turn, in as few writes as the transport allows.
  private func sendOutput(_ transport: Transport) throws(RedisProblem) {
    try Self.send(&output, over: transport)
  }

  private static func send(
    _ output: inout Output, over transport: Transport
  ) throws(RedisProblem) {
    do throws(TransportError) {
      guard try transport.flush() else { return }
      var start = 0
      while start < output.count, !transport.hasUnsent {
        let end = min(output.count, start + Transport.sendBytesMax)
        try transport.send(output[start..<end])
        start = end
      }
      if start == output.count {
        output.clear()
      } else if start > 0 {
        var rest = Output(capacity: output.count - start)
        rest.append(output[start..<output.count])
        output = rest
      }
    } catch { throw RedisProblem(error) }
  }

  private func receive(
    _ transport: Transport, _ reader: ReplyReader, _ input: Buffer
  ) throws(RedisProblem) {
    while true {
      input.clear()
      switch transport.receive(into: input) {
      case .count: try reader.take(input.bytes)
      case .ended: throw RedisProblem("it closed the connection")
      case .failed(let error): throw RedisProblem(error)
      case .blocked: return
      }
      while let reply = try reader.nextReply() {
        guard !asked.isEmpty else { throw RedisProblem("it answered what was not asked") }
        asked.removeFirst().end(with: reply)
      }
    }
  }
}
