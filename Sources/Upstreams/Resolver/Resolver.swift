// Turns names into addresses and keeps them fresh. It lives on Control and never on a worker:
// workers get lists of addresses. One task runs it; every state it has is on that task's loop.

import Bytes
import Engine

/// The resolver of the process.
///
/// A name is, in this order: an address in text; a name of the hosts file; `localhost`; a name in
/// DNS.
package final class Resolver {
  package struct Settings: Sendable {
    package var limits = NameTable.Limits()
    package var hostsPath = "/etc/hosts"
    /// Servers with ports, as in `192.0.2.1:53,[2001:db8::1]:53`; nil for those of
    /// /etc/resolv.conf.
    package var servers: String?
    /// Seconds for which a name of the hosts file holds: how soon an edit of that file is seen.
    package var hostsTTL: UInt32 = 10
    /// Callers that wait for one name.
    package var waitersMax = 1_024

    package init() {}
  }

  /// Called on the loop when the addresses of a kept or asked name are others than before. Not
  /// called for failures: the last addresses stay in use.
  package var onChange: (_ name: String, _ addresses: [IPAddress]) -> Void = { _, _ in }
  /// Called on the loop for each lookup that failed, with what is used meanwhile.
  package var onFailure: (_ name: String, ResolutionError, _ last: Resolution?) -> Void = {
    _, _, _ in
  }

  private let loop: EventLoop
  private let settings: Settings
  /// Parks the task that runs the resolver.
  private let waiter: Waiter
  private var channel: ResolverChannel?
  private var table: NameTable
  private var lookups: [String: NameLookup] = [:]
  /// Answers that c-ares gave since they were last looked at.
  private var answers:
    [(name: String, type: DNSAnswer.RecordType, answer: ResolverChannel.Answer)] = []
  /// Tasks that wait for a name.
  private var parked: [String: [Waiter]] = [:]
  private var isStopped = false

  /// - Throws: when the servers of `settings`, or those of the machine, cannot be used.
  package init(on loop: EventLoop, settings: Settings) throws(DNSLookupError) {
    self.loop = loop
    self.settings = settings
    waiter = Waiter(on: loop)
    table = NameTable(limits: settings.limits)
    channel = try ResolverChannel(on: loop, waking: waiter, servers: settings.servers)
  }

  /// Answers until `stop`. To be started once, as a task of the actor that owns the resolver.
  package func run() async {
    while !isStopped {
      channel?.process()
      startDue()
      finishAnswered()
      let timeout = channel?.nextTimeout(after: loop.now) ?? .never
      _ = await waiter.wait(until: min(timeout, table.nextDue))
    }
    waiter.retire()
    close()
  }

  /// Ends `run`; whoever waits for a name is told that it was cancelled.
  package func stop() {
    isStopped = true
    waiter.signal()
  }

  /// Replaces the names that are looked up at once and kept fresh. Returns those that are refused:
  /// no names, or more than the table holds.
  package func keep(_ names: Set<String>) -> Set<String> {
    var keys: [String: Set<String>] = [:]
    var refused = Set<String>()
    for name in names {
      guard let key = Self.key(name) else {
        refused.insert(name)
        continue
      }
      keys[key, default: []].insert(name)
    }
    for key in table.keep(Set(keys.keys), at: loop.now) { refused.formUnion(keys[key] ?? []) }
    waiter.signal()
    return refused
  }

  /// The addresses of `name`, from what is known or from a lookup that is shared with all who wait
  /// for the same name.
  ///
  /// - Parameters:
  ///   - waiter: the caller's own; its owner may cancel it.
  ///   - deadline: when the last known addresses are given instead, if there are any.
  package func resolve(
    _ name: String, parking waiter: Waiter, until deadline: Instant
  ) async throws(ResolutionError) -> Resolution {
    if let address = IPAddress(name) { return Resolution(addresses: [address], expires: .never) }
    guard let key = Self.key(name) else { throw .badName }
    while !isStopped {
      if let known = table.find(key, at: loop.now) { return try known.get() }
      switch await wait(for: key, waiter, until: deadline) {
      case .signalled:
        // Whoever waited for this answer takes it, however short its life.
        if let settled = table.settled(key) { return try settled.get() }
      case .cancelled: throw .cancelled
      case .timedOut:
        guard case .success(let last)? = table.last(key) else { throw .timedOut }
        return last
      }
    }
    throw .cancelled
  }

  private func wait(for key: String, _ waiter: Waiter, until deadline: Instant) async -> Waiter.Wake
  {
    guard parked[key]?.count ?? 0 < settings.waitersMax else { return .timedOut }
    parked[key, default: []].append(waiter)
    self.waiter.signal()
    let wake = await waiter.wait(until: deadline)
    parked[key]?.removeAll { $0 === waiter }
    if parked[key]?.isEmpty == true { parked[key] = nil }
    return wake
  }

  private func startDue() {
    let names = table.takeDue(at: loop.now)
    guard !names.isEmpty else { return }
    let hosts = readHosts()
    for name in names {
      let known = hosts[name]
      if !known.isEmpty {
        finish(name, .addresses(known, ttl: settings.hostsTTL))
      } else if name == "localhost" || name.hasSuffix(".localhost") {
        // RFC 6761 section 6.3: never asked for in DNS.
        finish(name, .addresses(Self.loopback, ttl: settings.hostsTTL))
      } else {
        ask(for: name)
      }
    }
  }

  private func ask(for name: String) {
    lookups[name] = NameLookup()
    for type in [DNSAnswer.RecordType.a, .aaaa] {
      channel?.ask(for: name, type) { [weak self] answer in
        self?.answers.append((name, type, answer))
      }
    }
  }

  private func finishAnswered() {
    guard !answers.isEmpty else { return }
    let reachesIPv6 = IPv6Reach.check()
    // Finishing a name may wake others, but starts no lookup: the list does not grow meanwhile.
    for (name, type, answer) in answers {
      lookups[name]?.note(answer, to: type)
      guard let outcome = lookups[name]?.outcome(reachesIPv6: reachesIPv6) else { continue }
      lookups[name] = nil
      finish(name, outcome)
    }
    answers.removeAll(keepingCapacity: true)
  }

  private func finish(_ name: String, _ outcome: NameTable.Outcome) {
    let changed = table.finish(name, outcome, at: loop.now)
    if let changed { onChange(name, changed) }
    if case .failure(let error) = outcome { onFailure(name, error, try? table.last(name)?.get()) }
    for waiter in parked[name] ?? [] { waiter.signal() }
  }

  private func readHosts() -> HostsFile {
    do throws(SystemError) {
      return try HostsFile(path: settings.hostsPath)
    } catch {
      onFailure(settings.hostsPath, .hostsFile(error.code), nil)
      return HostsFile([UInt8]().span)
    }
  }

  private func close() {
    channel = nil
    answers.removeAll()
    lookups.removeAll()
    for waiter in parked.values.joined() { waiter.signal() }
  }

  private static let loopback = [IPAddress(v4: 0x7F00_0001), IPAddress(high: 0, low: 1)]

  /// A name as the table has it: lower case. Nil for what cannot be a host name.
  private static func key(_ name: String) -> String? {
    let bytes = name.utf8
    guard !bytes.isEmpty, bytes.count <= 253 else { return nil }
    let marks = [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")]
    let isName = bytes.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || marks.contains($0) }
    return isName && bytes.first != marks[0] ? name.lowercased() : nil
  }
}
