// Decides who may pass: asks the identities that a route names, and combines what they say. It
// fails closed: what is not proved is refused. RFC 9110 section 11, RFC 6750 section 3.

import Configuration
import HTTPMessage
import PolicyChain

/// The policy behind `auth`.
package final class Authentication: Deliberation {
  package static let registration = Registration(
    .identity, CoreDirectives.auth, off: nil,
    ownFields: { settings, context in
      settings.identities.flatMap { context.verifiers[$0]?.credentialFields ?? [] }
    }
  ) { settings, context in
    // Open by decision: nothing is asked, so nothing is paid.
    if settings.rule == .everyone { return PolicyParts() }
    let policy = Authentication(settings, context)
    return policy.mayWait
      ? PolicyParts(deliberation: policy) : PolicyParts(admission: policy)
  }

  private enum Combination {
    case any, all, optional
  }

  /// What the identities said of one request.
  private struct Tally {
    var proved = 0
    /// Why a credential that no identity took was declined.
    var declined: (cause: DenyCause, identity: IdentityLabel?)?
    var wrong: (cause: DenyCause, identity: IdentityLabel)?
    var undecided: (why: Undecided, identity: IdentityLabel)?
  }

  private let verifiers: [any IdentityVerifier]
  private let mayWait: Bool
  private let combination: Combination
  private let requirements: [(kind: Requirement.Kind, name: [UInt8])]
  private let isShadow: Bool
  private let rule: [UInt8]
  private let missingChallenges: [[UInt8]]
  private let wrongChallenges: [[UInt8]]
  private let insufficientChallenges: [[UInt8]]

  package init(_ settings: AuthSettings, _ context: ChainContext) {
    verifiers = settings.identities.map { name in
      guard let verifier = context.verifiers[name] else {
        preconditionFailure("An identity that a rule names has its verifier.")
      }
      return verifier
    }
    mayWait = verifiers.contains { $0.mayWait }
    combination = !settings.any.isEmpty ? .any : settings.all.isEmpty ? .optional : .all
    requirements = settings.requirements.map { ($0.kind, Array($0.name.utf8)) }
    isShadow = settings.isShadow
    rule = Array("auth \(context.place)".utf8)
    missingChallenges = Self.distinct(verifiers.map(\.challenge.missing))
    wrongChallenges = Self.distinct(verifiers.map(\.challenge.wrong))
    let scopes = settings.requirements.filter { $0.kind == .scope }.map(\.name)
    let list = scopes.isEmpty ? "" : ", scope=\"\(scopes.joined(separator: " "))\""
    insufficientChallenges = Self.distinct(
      verifiers.map(\.challenge.insufficient).filter { !$0.isEmpty }.map {
        $0 + Array(" error=\"insufficient_scope\"\(list)".utf8)
      })
  }

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    var tally = Tally()
    for verifier in verifiers {
      let proof = verifier.verify(exchange)
      if mayWait, case .pending = proof {
        exchange.forgetPrincipals()
        return .pending
      }
      note(proof, of: verifier, exchange, &tally)
    }
    return try conclude(tally, exchange)
  }

  package func decide(_ exchange: Exchange) async throws(Failure) -> Verdict {
    var tally = Tally()
    for verifier in verifiers {
      var proof = verifier.verify(exchange)
      if case .pending = proof { proof = await verifier.decide(exchange) }
      note(proof, of: verifier, exchange, &tally)
    }
    return try conclude(tally, exchange)
  }

  private func note(
    _ proof: Proof, of verifier: any IdentityVerifier, _ exchange: Exchange, _ tally: inout Tally
  ) {
    switch proof {
    case .absent: break
    case .foreign: if tally.declined == nil { tally.declined = (.foreign, nil) }
    case .declined(let cause): tally.declined = (cause, verifier.label)
    case .proved(let principal):
      tally.proved += 1
      exchange.prove(principal)
    case .wrong(let cause):
      if tally.wrong == nil { tally.wrong = (cause, verifier.label) }
    case .undecided(let why):
      if tally.undecided == nil { tally.undecided = (why, verifier.label) }
    case .pending:
      // Only a verifier that breaks its word says so here: nothing is proved.
      tally.wrong = (.undecided, verifier.label)
    }
  }

  private func conclude(_ tally: Tally, _ exchange: Exchange) throws(Failure) -> Verdict {
    if let refusal = refusal(tally, exchange) {
      exchange.deny(
        Denial(
          cause: refusal.cause, rule: rule, identity: refusal.identity, isShadow: isShadow))
      if isShadow { exchange.wouldDeny = true }
      if !isShadow {
        exchange.challenges = refusal.challenges
        exchange.retryAfter = refusal.retryAfter
        throw .refused(refusal.reason)
      }
    }
    for verifier in verifiers { try verifier.conceal(in: exchange.request) }
    guard let principal = exchange.principal else { return .pass }
    guard principal.addFields(to: exchange.request.fields) else { throw .noRoomForFields }
    for further in exchange.furtherPrincipals {
      guard further.addFields(to: exchange.request.fields) else { throw .noRoomForFields }
    }
    return .pass
  }

  // MARK: Refusals

  private struct Refusal {
    let reason: Reason
    let cause: DenyCause
    let identity: IdentityLabel?
    let challenges: [[UInt8]]
    var retryAfter: UInt64 = 0
  }

  /// Why the request may not pass; nil when it may. A credential that is there and wrong is always
  /// refused, also where none is needed.
  private func refusal(_ tally: Tally, _ exchange: Exchange) -> Refusal? {
    if let wrong = tally.wrong {
      return Refusal(
        reason: .credentialInvalid, cause: wrong.cause, identity: wrong.identity,
        challenges: wrongChallenges)
    }
    let needed = combination == .all ? verifiers.count : 1
    guard tally.proved < needed else { return insufficiency(exchange) }
    if let (why, identity) = tally.undecided {
      return Refusal(
        reason: why.reason, cause: why.cause, identity: identity, challenges: [],
        retryAfter: why.retryAfter)
    }
    if let declined = tally.declined {
      return Refusal(
        reason: .credentialInvalid, cause: declined.cause, identity: declined.identity,
        challenges: wrongChallenges)
    }
    if combination == .optional { return nil }
    return Refusal(
      reason: .credentialMissing, cause: .missing, identity: nil, challenges: missingChallenges)
  }

  private func insufficiency(_ exchange: Exchange) -> Refusal? {
    guard !requirements.isEmpty, let principal = exchange.principal else { return nil }
    for requirement in requirements {
      let granted = requirement.kind == .scope ? principal.scopes : principal.roles
      if granted.contains(requirement.name) { continue }
      return Refusal(
        reason: .insufficientScope,
        cause: requirement.kind == .scope ? .scopeMissing : .roleMissing,
        identity: principal.identity, challenges: insufficientChallenges)
    }
    return nil
  }

  private static func distinct(_ lines: [[UInt8]]) -> [[UInt8]] {
    lines.reduce(into: []) { kept, line in
      if !kept.contains(line) { kept.append(line) }
    }
  }
}

extension DenyCause {
  fileprivate static let undecided = DenyCause("credential_undecided")
}
