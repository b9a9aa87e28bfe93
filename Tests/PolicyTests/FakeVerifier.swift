// An identity whose credential is a word in a field: what it says is the word.

import Bytes
import HTTPMessage
import PolicyChain

@testable import Policies

/// Proves `good`, calls `bad` wrong, and leaves `other` and `elsewhere` to somebody else. After
/// `wait` it says `good` when it is asked again.
final class FakeVerifier: IdentityVerifier {
  let label: IdentityLabel
  let challenge: Challenge
  let credentialFields: [String]
  let assertedFields: [String]
  private let field: [UInt8]

  init(_ name: String) {
    label = IdentityLabel(name: name, metric: 1)
    challenge = Challenge(
      missing: "Fake realm=\"\(name)\"", wrong: "Fake error=\"\(name)\"", insufficient: "Fake")
    credentialFields = ["x-\(name)"]
    assertedFields = ["x-user"]
    field = Array("x-\(name)".utf8)
  }

  var mayWait: Bool { true }

  func verify(_ exchange: Exchange) -> Proof {
    let fields = exchange.request.fields
    guard let index = fields.first(named: field, from: 0) else { return .absent }
    switch fields.value(at: index).text {
    case "good": return .proved(principal)
    case "wait": return .pending
    case "other": return .foreign
    case "elsewhere": return .declined(DenyCause("fake_declined"))
    default: return .wrong(DenyCause("fake_wrong"))
    }
  }

  func decide(_ exchange: Exchange) async -> Proof { .proved(principal) }

  func conceal(in request: Request) throws(Failure) { request.fields.removeAll(named: field) }

  func adopt(_ material: any Sendable) {}

  private var principal: Principal {
    Principal(
      identity: label, subject: label.name, scopes: [Array("read".utf8)],
      roles: [Array("editor".utf8)], claims: .object([:]),
      fields: [(Array("x-user".utf8), label.name)])
  }
}
