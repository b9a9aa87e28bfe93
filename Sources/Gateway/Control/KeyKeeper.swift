// Keeps the published keys of one identity: whatever happens to the issuer, the last good set
// stays. It asks and says what came of it; Control hands the keys to the workers.

import Bytes
import Configuration
import Engine
import HTTPMessage
import Policies
import TLS
import Transport
import Upstreams

/// What came of a fetch, as a label.
enum KeyFetchOutcome: String, CaseIterable {
  case success, unreachable, tls, status
  case tooLarge = "too_large"
  /// There was an answer, and no key in it that the identity could use.
  case unusable
}

/// The keys of one identity, on Control's loop.
final class KeyKeeper {
  let name: String
  let source: PublishedKeys
  let desk: KeyDesk
  let authorities: AuthorityBundle?
  /// Parks the task that keeps the keys.
  let waiter: Waiter
  private let context: TLSClientContext?
  private let fetch: HTTPFetch
  private let fetchWaiter: Waiter
  private let loop: EventLoop

  /// The last good set; nil while there was none.
  var copy: KeyCopy?
  private(set) var counts: [KeyFetchOutcome: UInt64] = [:]
  private(set) var isStarted = false
  /// Whether the last fetch failed, which is told once.
  private(set) var isFailing = false

  /// - Parameter authorities: who vouches for the server; nil for clear text on this machine.
  init(
    _ name: String, source: PublishedKeys, authorities: AuthorityBundle?, copy: KeyCopy?,
    resources: WorkerResources
  ) throws(TLSSetupError) {
    self.name = name
    self.source = source
    self.authorities = authorities
    self.copy = copy
    loop = resources.loop
    desk = KeyDesk(refresh: source.refresh, first: loop.now)
    waiter = Waiter(on: loop)
    fetchWaiter = Waiter(on: loop)
    fetch = HTTPFetch(resources: resources, waiter: fetchWaiter)
    guard source.isSecure else {
      context = nil
      return
    }
    guard let authorities else {
      preconditionFailure("Keys over TLS come from a server that somebody vouches for.")
    }
    context = try TLSClientContext(
      settings: TLSClientSettings(
        serverName: source.url.host, verification: .against(authorities), protocols: [.http1],
        certificate: nil), trust: nil, library: resources.library)
  }

  /// Whether requests need not wait for the first fetch any more.
  var hasSettled: Bool { copy != nil || desk.round > 0 }

  func begin() {
    isStarted = true
    desk.attend(waiter.remote)
  }

  func stop() {
    waiter.cancel()
    fetchWaiter.cancel()
  }

  /// Parks until keys are to be fetched. Returns false when they are not to be kept any more.
  func waitUntilDue() async -> Bool {
    while !desk.isDue(at: loop.now) {
      if await waiter.wait(until: desk.next) == .cancelled { return false }
    }
    return !waiter.isCancelled
  }

  /// Asks for the keys once.
  /// - Parameter addresses: what the host's name stands for now.
  func ask(
    _ addresses: [Bytes.IPAddress]
  ) async -> Result<[UInt8], KeyFetchProblem> {
    let text =
      "GET \(source.url.target) HTTP/1.1\r\nHost: \(source.url.authority)\r\n"
      + "User-Agent: sluice\r\nAccept: application/jwk-set+json, application/json\r\n"
      + "Connection: close\r\n\r\n"
    let request = FetchRequest(
      .get, text: Array(text.utf8), body: .upTo(PublishedKeys.bytesMax))
    let places = places(addresses)
    var problem = KeyFetchProblem(.unreachable, "its name has no address")
    // One address that is away does not stop the keys: the next one has the time that is left.
    let end = loop.now.advanced(milliseconds: PublishedKeys.timeout)
    for (index, place) in places.enumerated() {
      let share = end.since(loop.now) / 1_000_000 / UInt64(places.count - index)
      do throws(FetchFault) {
        let answer = try await fetch.answer(
          of: place, context: context, to: request,
          until: loop.now.advanced(milliseconds: share))
        guard answer.status == 200 else {
          return .failure(KeyFetchProblem(.status, "status \(answer.status)"))
        }
        return .success(answer.body)
      } catch { problem = KeyFetchProblem(error) }
      guard problem.outcome == .unreachable, !fetchWaiter.isCancelled else { break }
    }
    return .failure(problem)
  }

  private func places(_ addresses: [Bytes.IPAddress]) -> [SocketAddress] {
    let known = Bytes.IPAddress(source.url.host).map { [$0] } ?? addresses
    return known.prefix(Self.placesMax).map { .ip($0, port: source.url.port) }
  }

  /// Addresses that one fetch tries.
  private static let placesMax = 4

  /// Notes how a fetch ended. Returns whether that is news for the log.
  func noted(_ outcome: KeyFetchOutcome) -> Bool {
    counts[outcome, default: 0] += 1
    let fails = outcome != .success
    defer { isFailing = fails }
    return fails != isFailing
  }
}

/// Why a fetch brought no keys.
struct KeyFetchProblem: Error {
  let outcome: KeyFetchOutcome
  let text: String

  init(_ outcome: KeyFetchOutcome, _ text: String) {
    self.outcome = outcome
    self.text = text
  }

  init(_ fault: FetchFault) {
    outcome =
      switch fault {
      case .insecure: .tls
      case .tooLarge: .tooLarge
      case .notHTTP, .endless: .unusable
      case .timedOut, .cancelled, .closed, .broken: .unreachable
      }
    text = fault.text(within: PublishedKeys.timeout)
  }
}
