// What Control does again and again: signals, changed certificates, addresses of upstreams, and the
// numbers of a scrape.

import Engine
import OpenSSL
import PolicyChain
import Telemetry
import Upstreams

extension Control {
  /// Between two looks at the certificate files, in milliseconds.
  private static let upkeepInterval: UInt64 = 1_000

  func startSignals() throws(StartFailure) {
    do throws(Engine.SystemError) {
      let source = try SignalSource(on: loop)
      let waiter = Waiter(on: loop)
      source.observer = waiter
      signals = source
      start { [self] in await handleSignals(source, waiter) }
    } catch {
      throw StartFailure(.system, "signals cannot be received: \(error)")
    }
  }

  private func handleSignals(_ source: SignalSource, _ waiter: Waiter) async {
    while await waiter.wait(until: .never) != .cancelled {
      while let signal = source.take() {
        switch signal {
        case .terminate: end()
        case .interrupt:
          end()
          drainWaiter.cancel()
        case .reload: await reload()
        case .reopen: logWriter?.reopen()
        }
      }
    }
  }

  /// Looks after files and names until the end.
  func keepHouse() async {
    while await housekeeper.sleep(milliseconds: Self.upkeepInterval) != .cancelled {
      guard phase == .serving else { continue }
      noteExpiries()
      if security.hasChanges { await refreshCertificates() }
      await refreshCredentials()
    }
  }

  /// Hands workers the keys whose files have changed. What cannot be used is reported, and the old
  /// keys stay.
  private func refreshCredentials() async {
    for (name, outcome) in credentials.refresh() {
      switch outcome {
      case .failure(let problem):
        log.error("identity \(name): the new keys are refused, the old ones stay: \(problem.text)")
      case .success(let material):
        endSessions(of: name)
        for thread in workers { await thread.worker.renewed(name, with: material) }
        log.notice("identity \(name): its keys were read again")
      }
    }
  }

  /// A TLS session that was made before an authority or revocation list changed is not resumed.
  private func endSessions(of identity: String) {
    let changed = blueprint?.identities.first { $0.name == identity }
    guard changed?.kind.isOfHandshake == true else { return }
    do throws(CryptoError) { try ticketKeys.revokeAll(library: library) } catch {
      // Resumed sessions are judged by the new files all the same: see MTLSVerifier.
      log.error("session tickets could not be revoked: \(error.text)")
    }
  }

  /// Serves certificates whose files have changed. What cannot be used is reported, and the old one
  /// stays.
  private func refreshCertificates() async {
    var isAnyNew = false
    for (name, refusal) in security.refresh() {
      if let refusal {
        log.error("certificate \(name): the new files are refused, the old ones stay: \(refusal)")
      } else {
        isAnyNew = true
        log.notice("certificate \(name) was read again")
      }
    }
    guard isAnyNew, let configuration, let hash = blueprint?.hash else { return }
    do throws(ReloadRefusal) {
      try await serve(configuration, hash: hash)
    } catch {
      log.error("the new certificates cannot be served: \(error.text)")
    }
  }

  /// Everything that a scrape shows.
  func scrape() async -> MetricsPage {
    var totals = MetricsTotals()
    for thread in workers {
      if let snapshot = await thread.worker.metrics() { totals.add(snapshot) }
    }
    metrics.accessLogDropped = droppedLines + (logWriter?.droppedLines ?? 0)
    metrics.upstreams = upstreamReadings()
    var page = MetricsPage(
      totals: totals, names: compiler.names, control: metrics, process: ProcessUsage.read())
    page.stores = stores.readings
    page.keys = keyReadings
    page.bulkheads = bulkheads.readings.map(BulkheadReading.init)
    return page
  }

  /// Whether new traffic should come here. A start waits for keys that are published for one fetch,
  /// which has a deadline: an issuer that is away does not keep the edge away.
  var isReady: Bool {
    (phase == .serving && keepers.values.allSatisfy(\.hasSettled)) || phase == .ending
  }
}

extension BulkheadReading {
  fileprivate init(name: String, counts: BulkheadCounts) {
    self.init(
      name: name, inUse: UInt64(counts.inUse), waiting: UInt64(counts.waiting),
      verdicts: [
        ("admitted", counts.admitted), ("queued", counts.queued), ("full", counts.full),
        ("timeout", counts.timedOut), ("left", counts.left),
      ])
  }
}
