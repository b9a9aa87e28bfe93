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

/// One choice: when it is made, what the request has tried, and among whom.
private struct Choice {
  let servers: [UpstreamServer]
  let now: Instant
  let tried: UInt64
  let slowStart: UInt64
  /// The servers of one priority.
  var level: Range<Int>
  var candidates = Candidates.all

  func isIn(_ candidates: Candidates, _ server: UpstreamServer) -> Bool {
    switch candidates {
    case .fresh: server.state.isFit(at: now) && !server.isAmong(tried)
    case .fit: server.state.isFit(at: now)
    case .all: true
    }
  }

  func isIn(_ server: UpstreamServer) -> Bool { isIn(candidates, server) }
  func share(_ server: UpstreamServer) -> UInt64 { server.share(at: now, slowStart: slowStart) }

  /// The best that a level has.
  func candidates(of level: Range<Int>) -> Candidates {
    var isAnyFit = false
    for index in level where servers[index].state.isFit(at: now) {
      if !servers[index].isAmong(tried) { return .fresh }
      isAnyFit = true
    }
    return isAnyFit ? .fit : .all
  }
}

extension UpstreamPool {
  /// In-flight requests that one server may have over its share before `balance hash` goes on to
  /// the next, in eighths: the bounded load of Mirrokni, Thorup and Zadimoghaddam with c = 1.25.
  private static let loadBoundEighths: UInt64 = 10

  /// The server for the exchange's next try; nil when the upstream has none at present.
  func choose(for exchange: Exchange, at now: Instant) -> UpstreamServer? {
    let set = members
    if let only = set.only { return only }
    guard !set.servers.isEmpty else { return nil }
    let tried = exchange.upstream.tried
    if set.isEvenlyWeighted, definition.balance == .leastRequest,
      let server = betterOfTwo(set.servers, exchange.services.random.next(), tried, now)
    {
      return server
    }
    let (choice, level) = makeChoice(in: set, tried, now)
    switch definition.balance {
    case .leastRequest: return leastRequest(choice, exchange.services.random.next())
    case .random: return draw(choice, exchange.services.random.next())
    case .roundRobin: return nextInTurn(choice)
    case .hash:
      guard let key = exchange.upstream.key else {
        return leastRequest(choice, exchange.services.random.next())
      }
      return owner(of: key, choice, set.rings[level])
    }
  }

  /// Whether there is a server left that a second try should go to.
  func hasFresh(for exchange: Exchange, at now: Instant) -> Bool {
    makeChoice(in: members, exchange.upstream.tried, now).0.candidates == .fresh
  }

  /// Goes by priority: to the first level with a server that is fit and was not tried, else to the
  /// first with one that is fit, else to the first.
  private func makeChoice(
    in set: ServerSet, _ tried: UInt64, _ now: Instant
  ) -> (Choice, level: Int) {
    var choice = Choice(
      servers: set.servers, now: now, tried: tried, slowStart: definition.slowStart,
      level: 0..<(set.levels.first ?? 0))
    choice.candidates = choice.candidates(of: choice.level)
    var best = 0
    guard choice.candidates != .fresh else { return (choice, best) }
    for level in set.levels.indices.dropFirst() {
      let range = set.levels[level - 1]..<set.levels[level]
      let found = choice.candidates(of: range)
      guard found == .fresh || (found == .fit && choice.candidates == .all) else { continue }
      choice.level = range
      choice.candidates = found
      best = level
      if found == .fresh { break }
    }
    return (choice, best)
  }

  // MARK: Least request

  /// The usual case costs no walk: two servers, both fit.
  private func betterOfTwo(
    _ servers: [UpstreamServer], _ random: UInt64, _ tried: UInt64, _ now: Instant
  ) -> UpstreamServer? {
    let count = UInt64(servers.count)
    let first = Int(((random & 0xffff_ffff) &* count) >> 32)
    let step = 1 + Int(((random >> 32) &* (count - 1)) >> 32)
    let (a, b) = (servers[first], servers[(first + step) % servers.count])
    guard a.state.isFit(at: now), b.state.isFit(at: now), !a.isAmong(tried), !b.isAmong(tried)
    else { return nil }
    return better(a, b, now)
  }

  private func leastRequest(_ choice: Choice, _ random: UInt64) -> UpstreamServer {
    better(
      draw(choice, random << 32), draw(choice, random & ~0xffff_ffff), choice.now)
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
  private func draw(_ choice: Choice, _ random: UInt64) -> UpstreamServer {
    var total: UInt64 = 0
    for index in choice.level where choice.isIn(choice.servers[index]) {
      total &+= choice.share(choice.servers[index])
    }
    var ticket = random.multipliedFullWidth(by: total).high
    var last = choice.servers[choice.level.lowerBound]
    for index in choice.level where choice.isIn(choice.servers[index]) {
      let server = choice.servers[index]
      let share = choice.share(server)
      if ticket < share { return server }
      ticket &-= share
      last = server
    }
    // Another worker changed a server's fitness between the two walks.
    return last
  }

  /// Smooth weighted round robin.
  private func nextInTurn(_ choice: Choice) -> UpstreamServer {
    var total = 0
    var best = choice.servers[choice.level.lowerBound]
    var bestWeight = Int.min
    for index in choice.level where choice.isIn(choice.servers[index]) {
      let server = choice.servers[index]
      let share = Int(choice.share(server))
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

  private func owner(of key: UInt64, _ choice: Choice, _ ring: HashRing) -> UpstreamServer {
    var total: UInt64 = 1
    var weights: UInt64 = 0
    for index in choice.level where choice.isIn(choice.servers[index]) {
      total &+= choice.servers[index].state.inFlight
      weights &+= UInt64(choice.servers[index].definition.weight)
    }
    let start = choice.level.lowerBound
    let owner = ring.owner(of: key) { index in
      let server = choice.servers[start + index]
      guard choice.isIn(server) else { return false }
      // One more request stays within the bound, rounded up: so each may always have one.
      let bound = total &* Self.loadBoundEighths &* UInt64(server.definition.weight)
      return server.state.inFlight &* 8 &* weights < bound
    }
    return owner.map { choice.servers[start + $0] } ?? draw(choice, key)
  }
}
