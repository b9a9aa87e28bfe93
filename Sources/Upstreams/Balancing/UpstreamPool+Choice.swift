// The choice of a server for one try. Servers that are out or unhealthy are passed over, and so are
// those that this request has tried; when nothing else is left, they are asked all the same.

import Engine
import PolicyChain

/// Which servers a choice is made among.
enum Candidates {
  /// Fit, and not tried by this request.
  case fresh
  /// Fit, whoever tried them.
  case fit
  /// Panic: all. A refusal that is sure helps nobody, and the checks may be wrong.
  case all
}

extension UpstreamPool {
  /// In-flight requests that one server may have over its share before `balance hash` goes on to
  /// the next, in eighths: the bounded load of Mirrokni, Thorup and Zadimoghaddam with c = 1.25.
  private static let loadBoundEighths: UInt64 = 10

  /// The server for the exchange's next try.
  func choose(for exchange: Exchange, at now: Instant) -> UpstreamServer {
    if servers.count == 1 { return servers[0] }
    let tried = exchange.upstream.tried
    switch definition.balance {
    case .leastRequest: return leastRequest(exchange.services.random.next(), tried, now)
    case .random: return draw(exchange.services.random.next(), candidates(tried, now), tried, now)
    case .roundRobin: return nextInTurn(candidates(tried, now), tried, now)
    case .hash:
      guard let key = exchange.upstream.key else {
        return leastRequest(exchange.services.random.next(), tried, now)
      }
      return owner(of: key, tried, now)
    }
  }

  /// Whether there is a server left that a second try should go to.
  func hasFresh(for exchange: Exchange, at now: Instant) -> Bool {
    candidates(exchange.upstream.tried, now) == .fresh
  }

  private func candidates(_ tried: UInt64, _ now: Instant) -> Candidates {
    var isAnyFit = false
    for server in servers where server.state.isFit(at: now) {
      if !server.isAmong(tried) { return .fresh }
      isAnyFit = true
    }
    return isAnyFit ? .fit : .all
  }

  private func isIn(
    _ candidates: Candidates, _ server: UpstreamServer, _ tried: UInt64, _ now: Instant
  ) -> Bool {
    switch candidates {
    case .fresh: server.state.isFit(at: now) && !server.isAmong(tried)
    case .fit: server.state.isFit(at: now)
    case .all: true
    }
  }

  // MARK: Least request

  private func leastRequest(_ random: UInt64, _ tried: UInt64, _ now: Instant) -> UpstreamServer {
    let (low, high) = (random & 0xffff_ffff, random >> 32)
    if isEvenlyWeighted {
      // The usual case costs no walk: two servers, both fit.
      let count = UInt64(servers.count)
      let first = Int((low &* count) >> 32)
      let step = 1 + Int((high &* (count - 1)) >> 32)
      let (a, b) = (servers[first], servers[(first + step) % servers.count])
      if isIn(.fresh, a, tried, now), isIn(.fresh, b, tried, now) {
        return better(a, b, now)
      }
    }
    let candidates = candidates(tried, now)
    return better(
      draw(low << 32, candidates, tried, now), draw(high << 32, candidates, tried, now), now)
  }

  /// The one with fewer requests for its weight. Twice the other's latency counts like as many
  /// requests more; a smaller difference is noise. The first one when nothing tells them apart.
  private func better(_ a: UpstreamServer, _ b: UpstreamServer, _ now: Instant) -> UpstreamServer {
    guard a !== b else { return a }
    let (aTime, bTime) = (
      a.state.latencyMicroseconds(at: now), b.state.latencyMicroseconds(at: now)
    )
    let (aWeight, bWeight) = (
      a.share(at: now, slowStart: definition.slowStart),
      b.share(at: now, slowStart: definition.slowStart)
    )
    if aTime == 0 || bTime == 0 || (aTime <= 2 &* bTime && bTime <= 2 &* aTime) {
      return b.state.inFlight &* aWeight < a.state.inFlight &* bWeight ? b : a
    }
    let aCost = (a.state.inFlight &+ 1).multipliedFullWidth(by: aTime &* bWeight)
    let bCost = (b.state.inFlight &+ 1).multipliedFullWidth(by: bTime &* aWeight)
    return (bCost.high, bCost.low) < (aCost.high, aCost.low) ? b : a
  }

  // MARK: Random and round robin

  /// A server by chance, by weight. `random` has 64 bits, of which the upper ones count.
  private func draw(
    _ random: UInt64, _ candidates: Candidates, _ tried: UInt64, _ now: Instant
  ) -> UpstreamServer {
    var total: UInt64 = 0
    for server in servers where isIn(candidates, server, tried, now) {
      total &+= server.share(at: now, slowStart: definition.slowStart)
    }
    var ticket = random.multipliedFullWidth(by: total).high
    var last = servers[0]
    for server in servers where isIn(candidates, server, tried, now) {
      let share = server.share(at: now, slowStart: definition.slowStart)
      if ticket < share { return server }
      ticket &-= share
      last = server
    }
    // Another worker changed a server's fitness between the two walks.
    return last
  }

  /// Smooth weighted round robin.
  private func nextInTurn(
    _ candidates: Candidates, _ tried: UInt64, _ now: Instant
  ) -> UpstreamServer {
    var total = 0
    var best = servers[0]
    var bestWeight = Int.min
    for server in servers where isIn(candidates, server, tried, now) {
      let share = Int(server.share(at: now, slowStart: definition.slowStart))
      server.currentWeight += share
      total += share
      if server.currentWeight > bestWeight {
        best = server
        bestWeight = server.currentWeight
      }
    }
    best.currentWeight -= total
    return best
  }

  // MARK: Hash

  private func owner(of key: UInt64, _ tried: UInt64, _ now: Instant) -> UpstreamServer {
    let candidates = candidates(tried, now)
    var total: UInt64 = 1
    var weights: UInt64 = 0
    for server in servers where isIn(candidates, server, tried, now) {
      total &+= server.state.inFlight
      weights &+= UInt64(server.definition.weight)
    }
    let owner = ring?.owner(of: key) { index in
      let server = servers[index]
      guard isIn(candidates, server, tried, now) else { return false }
      // One more request stays within the bound, rounded up: so each may always have one.
      let bound = total &* Self.loadBoundEighths &* UInt64(server.definition.weight)
      return server.state.inFlight &* 8 &* weights < bound
    }
    return owner.map { servers[$0] } ?? draw(key, candidates, tried, now)
  }
}
