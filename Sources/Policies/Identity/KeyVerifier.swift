// Judges API keys: one look into a table and one hash, whatever was sent.

import Bytes
import Configuration
import HTTPMessage
import OpenSSL
import PolicyChain

/// A worker's verifier of one table of keys.
package final class KeyVerifier: IdentityVerifier {
  package let label: IdentityLabel
  package let challenge: Challenge
  package let credentialFields: [String]
  package let assertedFields: [String]

  private let place: Place
  private let claimHeaders: ClaimHeaders
  private let hash: SHA256
  private let roles: RoleTable
  private var table: KeyTable
  private var scratch = Output(capacity: 64)

  /// Where a key stands in a request, as bytes.
  private enum Place {
    case header([UInt8])
    case cookie([UInt8])
  }

  init(
    _ settings: KeyIdentity.Settings, _ ring: KeyRing, _ context: VerifierContext
  ) throws(CredentialProblem) {
    label = context.label
    roles = context.roles
    claimHeaders = ClaimHeaders(settings.claimHeaders)
    assertedFields = claimHeaders.names
    switch settings.place {
    case .header(let name):
      place = .header(Array(name.utf8))
      credentialFields = [name]
      challenge = Challenge(missing: "ApiKey header=\"\(name)\"")
    case .cookie(let name):
      place = .cookie(Array(name.utf8))
      credentialFields = []
      challenge = Challenge(missing: "ApiKey cookie=\"\(name)\"")
    }
    do throws(CryptoError) { hash = try SHA256(library: context.library) } catch {
      throw CredentialProblem(error.text)
    }
    table = KeyTable(ring.entries, claimHeaders, label, roles)
  }

  package func adopt(_ material: any Sendable) {
    guard let ring = material as? KeyRing else {
      preconditionFailure("A verifier of keys goes on with keys.")
    }
    table = KeyTable(ring.entries, claimHeaders, label, roles)
  }

  package func verify(_ exchange: Exchange) -> Proof {
    let fields = exchange.request.fields
    switch place {
    case .header(let name):
      guard let index = fields.first(named: name, from: 0) else { return .absent }
      if fields.first(named: name, from: index + 1) != nil { return .wrong(.repeated) }
      return judge(fields.value(at: index), now: exchange.wallMilliseconds)
    case .cookie(let name):
      guard let index = fields.first(.cookie) else { return .absent }
      var cookies = CookieCrumbs(name: name)
      cookies.count(in: fields, from: index)
      guard cookies.found == 1 else {
        return cookies.found == 0 ? .absent : .wrong(.repeated)
      }
      let line = fields.value(at: cookies.index)
      return judge(line.extracting(cookies.value), now: exchange.wallMilliseconds)
    }
  }

  /// A key that the table does not know costs as much as one that it knows, so that the time of an
  /// answer tells nothing about ids.
  private func judge(_ text: Span<UInt8>, now: UInt64) -> Proof {
    guard let key = APIKey.Parts(text) else { return .foreign }
    let record = table.record(of: key)
    scratch.clear()
    if let record { scratch.append(record.salt) } else { scratch.append(table.decoySalt) }
    scratch.append(text.extracting(key.secret))
    let digest: Digest256
    do throws(CryptoError) { digest = try hash.digest(of: scratch) } catch {
      return .wrong(.hashFailed)
    }
    guard let record else { return .foreign }
    guard digest == record.digest else { return .wrong(.keyWrong) }
    guard now < record.end else { return .wrong(.keyExpired) }
    return .proved(record.principal)
  }

  package func conceal(in request: Request) throws(Failure) {
    switch place {
    case .header(let name): request.fields.removeAll(named: name)
    case .cookie(let name):
      guard CookieCrumbs.remove(named: name, from: request.fields) else {
        throw .noRoomForFields
      }
    }
  }
}

extension SHA256 {
  /// The digest of text that a verifier keeps: see FieldSection+Rendered.swift.
  func digest(of text: borrowing Output) throws(CryptoError) -> Digest256 {
    try digest(of: text.bytes)
  }
}

extension DenyCause {
  fileprivate static let keyWrong = DenyCause("key_wrong")
  fileprivate static let keyExpired = DenyCause("key_expired")
  fileprivate static let hashFailed = DenyCause("key_hash_failed")
}
