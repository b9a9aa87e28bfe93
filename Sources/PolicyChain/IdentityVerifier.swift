// How an identity of the config proves who calls. Each kind of identity has its own verifier; the
// policy that combines them knows none of the kinds.

import Bytes
import HTTPMessage

/// What a verifier says of a request.
public enum Proof {
  /// There is no credential where this identity looks for one.
  case absent
  /// There is one, but it is not this identity's to judge: another issuer's, another table's.
  case foreign
  /// There is one that this identity does not take, but another may. The cause counts when none
  /// does.
  case declined(DenyCause)
  case proved(Principal)
  /// There is one, and it is wrong.
  case wrong(DenyCause)
  /// There is one that cannot be judged now: it proves nothing, and nothing is held against it.
  case undecided(Undecided)
  /// It cannot be judged without waiting: `decide` has to be asked.
  case pending
}

/// Why a credential cannot be judged now, and what is answered where nothing else was proved.
public struct Undecided: Sendable, Equatable {
  public let reason: Reason
  public let cause: DenyCause
  /// Seconds after which asking again may help; zero when nobody can say.
  public let retryAfter: UInt64

  public init(_ reason: Reason, _ cause: DenyCause, retryAfter: UInt64) {
    self.reason = reason
    self.cause = cause
    self.retryAfter = retryAfter
  }
}

/// Judges one kind of credential. Instances belong to one worker.
public protocol IdentityVerifier: AnyObject {
  var label: IdentityLabel { get }
  /// Names of the fields that carry its credential and nothing else, in lower case.
  var credentialFields: [String] { get }
  /// Names of the fields by which it tells upstreams about the caller, in lower case.
  var assertedFields: [String] { get }
  /// What WWW-Authenticate says of this identity: RFC 9110 section 11.6.1.
  var challenge: Challenge { get }
  /// Whether `verify` may say `pending`.
  var mayWait: Bool { get }
  /// Judges the request's credential at once.
  func verify(_ exchange: Exchange) -> Proof
  /// Judges it after waiting; never `pending`. Called after `verify` said so.
  func decide(_ exchange: Exchange) async -> Proof
  /// Takes the credential off the request, so that it is not forwarded.
  func conceal(in request: Request) throws(Failure)
  /// Goes on with other keys; they are of the kind that the verifier was made with.
  func adopt(_ material: any Sendable)
}

extension IdentityVerifier {
  public var mayWait: Bool { false }

  /// Most kinds judge at once.
  public func decide(_ exchange: Exchange) async -> Proof { verify(exchange) }
}

/// What a 401 or 403 tells about a scheme.
public struct Challenge: Sendable, Equatable {
  /// The scheme with its parameters, such as `Basic realm="ops"`.
  public let missing: [UInt8]
  /// The same for a credential that is wrong.
  public let wrong: [UInt8]
  /// The scheme alone, when it is one that tells about insufficient scopes; else empty.
  public let insufficient: [UInt8]

  public init(missing: String, wrong: String? = nil, insufficient: String = "") {
    self.missing = Array(missing.utf8)
    self.wrong = Array((wrong ?? missing).utf8)
    self.insufficient = Array(insufficient.utf8)
  }
}
