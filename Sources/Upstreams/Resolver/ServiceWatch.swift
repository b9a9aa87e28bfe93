// Keeps the places of one service fresh: its SRV records are asked for again before their TTL has
// passed. It lives on Control, as the resolver of addresses does.

import Engine

/// Watches the SRV records of one name. One task runs it.
package final class ServiceWatch {
  package struct Settings: Sendable {
    /// Servers with ports; nil for those of /etc/resolv.conf.
    package var servers: String?
    /// Lifetimes and pauses: see there.
    package var limits = NameTable.Limits()
    /// Places of a service that are used; the others of an answer are left out.
    package var placesMax = 256

    package init() {}
  }

  package let name: String
  /// Called on the loop when the places are others than before.
  package var onChange: ([ServicePlace]) -> Void = { _ in }
  /// Called on the loop for each lookup that failed: the last places stay in use.
  package var onFailure: (DNSLookupError) -> Void = { _ in }

  private let loop: EventLoop
  private let settings: Settings
  private let waiter: Waiter
  private let channel: ResolverChannel
  private var answer: ResolverChannel.Answer?
  private var places: Set<ServicePlace> = []
  private var failures: UInt64 = 0
  private var isStopped = false
  private var isAnswered = false
  /// Who waits for the first answer.
  private var parked: Waiter?

  /// - Throws: when no channel can be opened.
  package init(_ name: String, on loop: EventLoop, settings: Settings) throws(DNSLookupError) {
    self.name = name
    self.loop = loop
    self.settings = settings
    waiter = Waiter(on: loop)
    channel = try ResolverChannel(on: loop, waking: waiter, servers: settings.servers)
  }

  /// Asks until `stop`.
  package func run() async {
    while !isStopped {
      answer = nil
      channel.ask(for: name, .srv) { [weak self] in self?.answer = $0 }
      await waitForAnswer()
      guard !isStopped, let answer else { break }
      let due = loop.now.advanced(milliseconds: take(answer))
      while !isStopped, loop.now < due {
        // Sockets of the channel that close late wake this too.
        channel.process()
        _ = await waiter.wait(until: due)
      }
    }
    waiter.retire()
  }

  /// Waits for the first answer, good or bad. One caller at a time.
  package func firstAnswer(parking waiter: Waiter, until deadline: Instant) async {
    guard !isAnswered else { return }
    parked = waiter
    _ = await waiter.wait(until: deadline)
    parked = nil
  }

  /// Ends `run`.
  package func stop() {
    isStopped = true
    waiter.signal()
  }

  private func waitForAnswer() async {
    while answer == nil, !isStopped {
      channel.process()
      guard answer == nil else { return }
      _ = await waiter.wait(until: channel.nextTimeout(after: loop.now))
    }
  }

  /// Tells what an answer changes. Returns the milliseconds until the next question.
  private func take(_ answer: ResolverChannel.Answer) -> UInt64 {
    defer {
      isAnswered = true
      parked?.signal()
    }
    switch answer {
    case .success(let answer):
      failures = 0
      let found = answer.places.prefix(settings.placesMax)
      if Set(found) != places {
        places = Set(found)
        onChange(Array(found))
      }
      return settings.limits.pause(afterTTL: answer.ttl)
    case .failure(let error):
      failures += 1
      onFailure(error)
      return settings.limits.pause(afterFailures: failures)
    }
  }
}

extension NameTable.Limits {
  /// Milliseconds until an answer is asked for again: a fifth of its life is left for failing.
  func pause(afterTTL seconds: UInt32) -> UInt64 { lifetime(ofTTL: seconds) / 5 * 4 }

  /// Milliseconds for which an answer is used.
  func lifetime(ofTTL seconds: UInt32) -> UInt64 {
    min(max(UInt64(seconds) * 1_000, lifetimeMin), lifetimeMax)
  }

  /// Milliseconds after so many failures in a row; at least one.
  func pause(afterFailures count: UInt64) -> UInt64 {
    min(retryMin << min(count - 1, 16), retryMax)
  }
}
