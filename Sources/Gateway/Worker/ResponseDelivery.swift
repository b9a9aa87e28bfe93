// Delivering an answer, whatever protocol carries it.

import PolicyChain

/// What writes the answers of one connection or stream.
protocol ResponseDelivery: AnyObject {
  /// Whether bytes of the present response may have left: from then on it cannot be replaced by
  /// another one.
  var hasSentHead: Bool { get set }
  /// Writes the response, head and body.
  func write(_ exchange: Exchange) async throws(Failure)
}

extension ResponseDelivery {
  /// Writes the response, and says in the exchange's outcome whether all of it was.
  ///
  /// When the upstream's body fails before anything was sent, the client gets the failure as a
  /// proper answer; later only a broken connection or stream tells that what it has is not all.
  func deliver(_ exchange: Exchange, _ chain: PolicyChain) async {
    hasSentHead = false
    do throws(Failure) {
      try await write(exchange)
    } catch {
      if hasSentHead || error.origin == .downstream { return broke(error, exchange) }
      exchange.answer(error)
      chain.runEgress(exchange)
      do throws(Failure) { try await write(exchange) } catch { return broke(error, exchange) }
    }
    exchange.outcome.isComplete = true
  }

  private func broke(_ failure: Failure, _ exchange: Exchange) {
    exchange.failure = failure
    if case .stream(let body) = exchange.responseBody { body.cancel() }
  }
}
