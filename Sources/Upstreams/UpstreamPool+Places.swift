// Places among the connections that an upstream may have, over all workers. When all are taken, one
// that lies idle is given up for one that is needed: by this worker, or by another one.

import Engine
import PolicyChain
import Synchronization

extension UpstreamPool {
  /// How long other workers may take to answer, in milliseconds: a turn of a busy loop.
  private static let answerWait: UInt64 = 100

  /// Takes a place for a connection that is about to be made.
  func takePlace(
    for exchange: Exchange, until deadline: Instant
  ) async throws(Failure) {
    if tryPlace() { return }
    // An idle connection to another server of ours.
    if giveUpIdle(), tryPlace() { return }
    let question = PlaceQuestion(waking: RemoteSignal(to: exchange.waiter, on: resources.loop))
    if shared.lenders.ask(question, except: lender) {
      let end = min(deadline, resources.loop.now.advanced(milliseconds: Self.answerWait))
      while !question.isOver, resources.loop.now < end {
        do throws(Failure) {
          try await exchange.waitUpstream(until: end, else: .connectTimeout)
        } catch {
          guard error.reason == .connectTimeout else { throw error }
        }
      }
      if tryPlace() { return }
    }
    throw Failure(
      .upstreamConnections, origin: .gateway, retry: .never, detail: definition.name)
  }

  private func tryPlace() -> Bool {
    let (before, _) = shared.openConnections.add(1, ordering: .relaxed)
    if before < definition.connectionsMax { return true }
    closed()
    return false
  }

  /// Closes an idle connection, if there is one: one of the server that has most of them.
  func giveUpIdle() -> Bool {
    guard let server = servers.max(by: { $0.idleCount < $1.idleCount }) else { return false }
    return server.closeOldestIdle()
  }
}
