// Reading a request head: its deadlines, and when a silent connection goes to rest.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import PolicyChain
import Transport

extension HTTP1Connection {
  enum HeadResult {
    case request
    /// Nothing came for a while: the connection may rest without task and buffer.
    case rest
    /// The client left, or its time is up.
    case ended
    case refused(Failure)
  }

  func readHead(into exchange: Exchange) async -> HeadResult {
    let loop = context.loop
    var input = borrowInput()
    if input.isEmpty { input.clear() } else { input.compact() }
    exchange.reset()
    var parser = RequestParser(limits: limits.head, rules: limits.rules)
    var startedAt: Instant? = input.isEmpty ? nil : loop.now
    while true {
      if !input.isEmpty {
        do throws(HTTP1Error) {
          if try parser.parse(input, into: exchange.request) == .done {
            begin(exchange, at: startedAt ?? loop.now)
            return .request
          }
        } catch {
          context.recorder.countProtocolError(error.reason)
          begin(exchange, at: startedAt ?? loop.now)
          return .refused(Failure(error))
        }
      }
      // An empty line before the head may have used up the room that the largest head needs.
      if input.freeCount == 0 { input.compact() }
      switch transport.receive(into: input) {
      case .count:
        if startedAt == nil { startedAt = loop.now }
      case .ended, .failed: return .ended
      case .blocked:
        if context.isDraining && startedAt == nil && !isNew { return .ended }
        let limit = startedAt.map { $0.advanced(milliseconds: limits.headTimeout) }
        // While nothing of a head has come, others use the block.
        if limit == nil { giveBackInput() }
        switch await exchange.waiter.wait(until: limit ?? restDeadline) {
        case .signalled: input = borrowInput()
        case .cancelled: return .ended
        case .timedOut where limit == nil: return mayRest ? .rest : .ended
        case .timedOut:
          begin(exchange, at: startedAt ?? loop.now)
          return .refused(.refused(.headTimeout))
        }
      }
    }
  }

  private func borrowInput() -> Buffer {
    let input = self.input ?? context.resources.buffers.borrow()
    self.input = input
    return input
  }

  /// When a connection without a request goes to rest, or has been idle too long.
  private var restDeadline: Instant {
    context.loop.now.advanced(
      milliseconds: min(patience, limits.keepAliveIdle))
  }

  /// Milliseconds of silence after which the connection rests. A few may keep their tasks for the
  /// next request; when there are many, they would keep much memory.
  var patience: UInt64 {
    context.exchanges.lentCount > ConnectionLimits.patientMax
      ? ConnectionLimits.restSoonAfter : ConnectionLimits.restAfter
  }

  private var mayRest: Bool {
    limits.keepAliveIdle > patience && !context.isDraining
  }

  private func begin(_ exchange: Exchange, at start: Instant) {
    isBetweenRequests = false
    exchange.startedAt = start
    exchange.wallMilliseconds = context.wallMilliseconds
    exchange.connection = connection
    exchange.peer = self
    exchange.request.isSecure = connection.security != nil
    exchange.clientAddress = connection.peerAddress
  }
}
