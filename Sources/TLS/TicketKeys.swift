// The keys of session tickets (RFC 5077, RFC 8446 section 4.6.1), shared by all workers and all
// reloads: a ticket from one worker's context resumes on every other one's.

import Bytes
import COpenSSL
import OpenSSL

/// A ring of ticket keys. The newest one seals, older ones still open until their tickets have
/// expired.
///
/// It outlives the contexts that use it. A handshake takes its lock once or twice; forwarding never
/// does.
package final class TicketKeys: Sendable {
  /// Seconds for which a key seals new tickets.
  package static let rotationPeriod = 12 * 3600
  /// The key in use, and those of the period before it, one of them made by hand.
  static let ringMax = 3

  private struct Entry {
    var key: co_ticket_key
    var createdAt: Int
  }

  // Newest first, at most `ringMax`.
  private let ring: Locked<[Entry]>
  private let clock: @Sendable () -> Int

  /// - Parameter clock: seconds of a clock that never goes back.
  package init(library: LibraryContext, clock: @escaping @Sendable () -> Int) throws(CryptoError) {
    let first = Entry(key: try Self.generate(library), createdAt: clock())
    ring = Locked([first])
    self.clock = clock
  }

  /// Starts a new key; tickets of the ones before still resume. Called by hand or by `sealing` when
  /// it is due.
  package func rotate(library: LibraryContext) throws(CryptoError) {
    let fresh = Entry(key: try Self.generate(library), createdAt: clock())
    ring.withLock { ring in
      ring.insert(fresh, at: 0)
      if ring.count > Self.ringMax { ring.removeLast() }
    }
  }

  /// Starts a new key and forgets all others, so that no session made before can be resumed: for a
  /// reload that changes what is verified.
  package func revokeAll(library: LibraryContext) throws(CryptoError) {
    let fresh = Entry(key: try Self.generate(library), createdAt: clock())
    ring.withLock { $0 = [fresh] }
  }

  /// The key for a new ticket; a new one when the newest is older than its period.
  func sealing(library: LibraryContext) throws(CryptoError) -> co_ticket_key {
    let now = clock()
    if let key = ring.withLock({ Self.current($0, at: now) }) { return key }
    let fresh = Entry(key: try Self.generate(library), createdAt: now)
    return ring.withLock { ring in
      // Another worker may have been first.
      if let key = Self.current(ring, at: now) { return key }
      ring.insert(fresh, at: 0)
      if ring.count > Self.ringMax { ring.removeLast() }
      return fresh.key
    }
  }

  /// The key that a ticket names, and whether it is the newest; nil when it is unknown or its
  /// tickets have expired.
  func opening(name: UnsafeRawBufferPointer) -> (key: co_ticket_key, isNewest: Bool)? {
    let now = clock()
    return ring.withLock { ring in
      for (index, entry) in ring.enumerated() {
        let isNamed = unsafe withUnsafeBytes(of: entry.key.name) { unsafe $0.elementsEqual(name) }
        guard isNamed else { continue }
        let age = now - entry.createdAt
        guard age < Self.rotationPeriod + TLSLimits.ticketLifetime else { return nil }
        return (entry.key, index == 0 && age < Self.rotationPeriod)
      }
      return nil
    }
  }

  private static func current(_ ring: [Entry], at now: Int) -> co_ticket_key? {
    guard let newest = ring.first, now - newest.createdAt < rotationPeriod else { return nil }
    return newest.key
  }

  private static func generate(_ library: LibraryContext) throws(CryptoError) -> co_ticket_key {
    var key = co_ticket_key()
    try unsafe withUnsafeMutableBytes(of: &key) { memory throws(CryptoError) in
      try unsafe library.fillRandom(memory)
    }
    return key
  }
}
