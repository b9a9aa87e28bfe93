// One exchange: route, chain, response, log. And what happens to requests that could not be read.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import PolicyChain
import Transport
import Upstreams

extension HTTP1Connection {
  /// Serves the request whose head has been read. Returns whether the connection can take another
  /// one.
  func serveRequest(_ exchange: Exchange) async -> Bool {
    attachBody(to: exchange)
    exchange.askedPath = exchange.request.path
    exchange.askedQuery = exchange.request.query
    refreshListener()
    let chain = listener.chain(for: exchange)
    do throws(Failure) {
      if !chain.mayWait, let forwarder = chain.destination as? Forwarder {
        // What nearly all chains do. Behind a call through a protocol the compiler puts a hop to
        // the actor that the task is on; a call that it can see through needs none.
        if try chain.open(exchange) == .pass { try await forwarder.respond(to: exchange) }
      } else {
        try await chain.run(exchange)
      }
    } catch {
      exchange.answer(error)
    }
    let mayStay: Bool
    if exchange.isClientGone {
      mayStay = false
    } else {
      chain.runEgress(exchange)
      let rest = startResponse(exchange)
      if case .nothing = rest {
        mayStay = completed(exchange)
      } else {
        mayStay = await finishResponse(rest, exchange, chain)
      }
    }
    conclude(exchange)
    if mayStay, exchange.request.framing == .none { return true }
    return await settle(exchange, mayStay: mayStay)
  }

  /// Answers a head that is no request. The listener's outermost scope says what stands on the
  /// answer.
  func refuse(_ failure: Failure, _ exchange: Exchange) async {
    // What was read of the request line stands in the input still: the log tells what was refused.
    exchange.request.fields.forgetLines()
    if let input { exchange.request.fields.attach(input) }
    exchange.askedPath = exchange.request.path
    exchange.askedQuery = exchange.request.query
    exchange.request.keepsAlive = false
    // What it may have said of a body before it broke a rule is not believed.
    exchange.request.framing = .none
    refreshListener()
    let chain = listener.refusalChain
    exchange.answer(failure)
    chain.runEgress(exchange)
    _ = await respond(exchange, chain)
    conclude(exchange)
    _ = await settle(exchange, mayStay: false)
  }

  private func attachBody(to exchange: Exchange) {
    guard exchange.request.framing != .none else { return }
    let body = self.body ?? HTTP1RequestBody(self)
    self.body = body
    body.begin(exchange)
    exchange.requestBody = body
  }

  /// Ends the exchange: what it held is released, its log line written.
  private func conclude(_ exchange: Exchange) {
    if exchange.request.framing != .none, let body {
      exchange.outcome.requestBodyBytes = body.receivedBytes
    }
    exchange.finish()
    context.recorder.record(exchange, listenerName: listener.nameBytes, now: .now())
    isBetweenRequests = true
  }

  /// Brings the connection to its next request, or to its end. Returns whether it stays.
  private func settle(_ exchange: Exchange, mayStay: Bool) async -> Bool {
    var stays = mayStay
    let body = exchange.request.framing == .none ? nil : self.body
    if let body {
      if stays { stays = await body.discardRest(waiter: exchange.waiter) }
      if stays, let rest = body.takeRest() {
        if let input { context.resources.buffers.giveBack(input) }
        input = rest
      }
    }
    if !stays { await closeGently(exchange) }
    return stays
  }

  /// Closes so that the client can read the answer first: a close with unread bytes would reset it
  /// away.
  private func closeGently(_ exchange: Exchange) async {
    guard !transport.socket.isBroken, exchange.outcome.isComplete else {
      return close(isAborting: !exchange.outcome.isComplete)
    }
    transport.endSending()
    guard let input, !transport.socket.isPeerClosed else { return close() }
    let end = context.loop.now.advanced(milliseconds: ConnectionLimits.lingerTimeout)
    var left = ConnectionLimits.lingerBytesMax
    exchange.request.reset()
    while left > 0 {
      input.clear()
      do throws(TransportError) {
        let count = try await transport.read(into: input, waiter: exchange.waiter, until: end)
        if count == 0 { break }
        left -= count
      } catch { break }
    }
    close()
  }
}
