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

  /// How far a head is.
  private struct Reading {
    var parser: RequestParser
    /// When its first byte was seen; nil while there is none.
    var startedAt: Instant?
  }

  func readHead(into exchange: Exchange) async -> HeadResult {
    if let input {
      if input.isEmpty { input.clear() } else { input.compact() }
    }
    exchange.startOver()
    var reading = Reading(
      parser: RequestParser(limits: limits.head, rules: limits.rules),
      startedAt: input?.isEmpty == false ? context.loop.now : nil)
    while true {
      if let result = readOn(&reading, exchange) { return result }
      if context.isDraining && reading.startedAt == nil && !isNew { return .ended }
      let limit = reading.startedAt.map { $0.advanced(milliseconds: limits.headTimeout) }
      // While nothing of a head has come, others use the block.
      if limit == nil { giveBackInput() }
      switch await exchange.waiter.wait(until: limit ?? restDeadline) {
      case .signalled: break
      case .cancelled: return .ended
      case .timedOut where limit == nil: return mayRest ? .rest : .ended
      case .timedOut:
        begin(exchange, at: reading.startedAt)
        return .refused(.refused(.headTimeout))
      }
    }
  }

  /// Reads and parses without waiting; nil when more bytes are needed and none are there.
  private func readOn(_ reading: inout Reading, _ exchange: Exchange) -> HeadResult? {
    // A silent socket gets no buffer; a TLS session may have a ticket to send, and says so itself.
    if input == nil, !transport.isSecure, !transport.mayHaveBytes { return nil }
    let input = borrowInput()
    while true {
      if !input.isEmpty {
        do throws(HTTP1Error) {
          if try reading.parser.parse(input, into: exchange.request) == .done {
            begin(exchange, at: reading.startedAt)
            return .request
          }
        } catch {
          context.recorder.countProtocolError(error.reason)
          begin(exchange, at: reading.startedAt)
          return .refused(Failure(error))
        }
      }
      // An empty line before the head may have used up the room that the largest head needs.
      if input.freeCount == 0 { input.compact() }
      switch transport.receive(into: input) {
      case .count:
        if reading.startedAt == nil { reading.startedAt = context.loop.now }
      case .ended, .failed: return .ended
      case .blocked: return nil
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

  private func begin(_ exchange: Exchange, at start: Instant?) {
    isBetweenRequests = false
    exchange.startedAt = start ?? context.loop.now
    exchange.wallMilliseconds = context.wallMilliseconds
    exchange.request.isSecure = connection.security != nil
    exchange.clientAddress = connection.peerAddress
  }
}
