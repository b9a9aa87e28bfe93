// Exchanges that wait for their next request: with their field sections they are too large to make
// one each time.

import Engine
import HTTPMessage
import PolicyChain

/// A stack of exchanges of one worker.
final class ExchangePool {
  /// Bytes of all fields that policies may add to a request, rewritten targets included.
  private static let requestAddedMax = 24 * 1024
  /// Bytes of all fields that policies may add to a response.
  private static let responseAddedMax = 8 * 1024
  /// Exchanges kept for the next burst.
  private static let idleMax = 256

  private var idle: [Exchange] = []
  private let loop: EventLoop
  private let services: Services
  private(set) var lentCount = 0
  /// The fewest exchanges that lay idle since the last `trim`: so many did nobody need.
  private var spareCount = 0
  /// Exchanges of this pool, lent or idle.
  var count: Int { lentCount + idle.count }

  init(loop: EventLoop, services: Services) {
    self.loop = loop
    self.services = services
  }

  func borrow() -> Exchange {
    lentCount += 1
    if let exchange = idle.popLast() {
      if idle.count < spareCount { spareCount = idle.count }
      return exchange
    }
    return Exchange(
      request: Request(fields: FieldSection(addedBytesMax: Self.requestAddedMax)),
      response: ResponseHead(fields: FieldSection(addedBytesMax: Self.responseAddedMax)),
      services: services, waiter: Waiter(on: loop))
  }

  func giveBack(_ exchange: Exchange) {
    lentCount -= 1
    exchange.reset()
    exchange.waiter.reset()
    guard idle.count < Self.idleMax else { return exchange.waiter.retire() }
    idle.append(exchange)
  }

  /// Frees what nobody needed since the last call, but for `kept` exchanges.
  func trim(keeping kept: Int) {
    if spareCount > kept {
      for exchange in idle.suffix(spareCount - kept) { exchange.waiter.retire() }
      idle.removeLast(spareCount - kept)
    }
    spareCount = idle.count
  }
}
