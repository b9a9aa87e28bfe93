// Tokens that name a key which is not known: the issuer may have a new one, so they wait until its
// keys were asked for once more. What cannot be found out is neither believed nor called wrong.

import Bytes
import Engine
import PolicyChain
import Signatures

extension JWTVerifier {
  /// Milliseconds that a request waits for keys: as long as a fetch may take.
  private static let patience = PublishedKeys.timeout
  /// A fetch that was under way may have begun before the key was published; the next one did not.
  private static let roundsMax = 2

  package var mayWait: Bool { desk != nil }

  /// Whether new keys could make the token a good one.
  func mayBeNew(_ error: JWSError, _ text: Span<UInt8>) -> Bool {
    guard desk != nil else { return false }
    switch error {
    case .unknownKey: return true
    // Issuers that give no ids to their keys do not say that one is new.
    case .signature: return namesNoKey(text)
    default: return false
    }
  }

  private func namesNoKey(_ text: Span<UInt8>) -> Bool {
    do throws(JWSError) { return try CompactJWS(text).keyID == nil } catch { return false }
  }

  package func decide(_ exchange: Exchange) async -> Proof {
    guard let desk else { return verify(exchange) }
    for _ in 0..<Self.roundsMax {
      let isLast: Bool
      switch desk.ask(exchange.waiter.remote, at: exchange.waiter.now) {
      case .later(let seconds): return .undecided(.tooManyKeys(seconds, desk))
      case .wait(let round, let hasBegun):
        isLast = !hasBegun
        guard await wait(for: round, at: desk, exchange) else {
          return .undecided(.noKeys(retryAfter: 1))
        }
      }
      let proof = verify(exchange)
      guard case .pending = proof else { return proof }
      guard desk.isLastGood else {
        return .undecided(.noKeys(retryAfter: KeyFetchPlan.cooldown / 1000))
      }
      if isLast { break }
    }
    return .wrong(JWSError.unknownKey.cause)
  }

  /// Parks until a fetch has ended. Returns false when that takes too long.
  private func wait(for round: Int, at desk: KeyDesk, _ exchange: Exchange) async -> Bool {
    let before = Instant.now()
    defer { exchange.waitedNanoseconds &+= exchange.waiter.now.since(before) }
    let deadline = min(
      exchange.waiter.now.advanced(milliseconds: Self.patience), exchange.totalDeadline)
    while desk.round == round {
      if exchange.peer?.isGone == true { return false }
      guard await exchange.waiter.wait(until: deadline) == .signalled else { return false }
    }
    return true
  }
}

extension Undecided {
  /// The issuer cannot be asked.
  fileprivate static func noKeys(retryAfter: UInt64) -> Undecided {
    Undecided(.identityUnavailable, DenyCause("token_keys_unavailable"), retryAfter: retryAfter)
  }

  /// The issuer was asked a moment ago for a key that it did not have either.
  fileprivate static func tooManyKeys(_ seconds: UInt64, _ desk: KeyDesk) -> Undecided {
    guard desk.isLastGood else { return noKeys(retryAfter: seconds) }
    return Undecided(.keyLookupsLimited, DenyCause("token_key_unknown"), retryAfter: seconds)
  }
}
