// API keys: what proves a caller, what is wrong, and that nothing of a key goes on.

import Configuration
import HTTPMessage
import OpenSSL
import PolicyChain
import Testing

@testable import Policies

@Suite struct KeyVerifierTests {
  let library: LibraryContext
  let key: NewKey
  let expired: NewKey

  init() throws {
    library = try LibraryContext()
    var entry = KeyEntry()
    entry.subject = "acme"
    entry.scopes = ["orders:read", "orders:write"]
    entry.roles = ["editor"]
    entry.tier = "pro"
    key = try NewKey(described: entry, library: library)
    // The tests' clock stands at 2026-11-23.
    entry.expires = try CalendarDate(parsing: "2026-11-22")
    expired = try NewKey(described: entry, library: library)
  }

  private func verifier(_ change: (inout KeyIdentity.Settings) -> Void = { _ in }) throws
    -> KeyVerifier
  {
    var settings = KeyIdentity.Settings()
    change(&settings)
    return try KeyVerifier(settings, try ring(), context)
  }

  private var context: VerifierContext {
    VerifierContext(label: IdentityLabel(name: "partner", metric: 1), library: library, desk: nil)
  }

  private func ring() throws -> KeyRing {
    let text = [key, expired].map { KeyFile.line($0.entry) }.joined()
    return try KeyRing([CredentialFile(path: "keys.conf", bytes: Array(text.utf8))])
  }

  private func verdict(_ verifier: KeyVerifier, _ fields: [String]) throws -> String {
    switch verifier.verify(try TestExchange("GET /", fields: fields).exchange) {
    case .absent: "absent"
    case .foreign: "foreign"
    case .proved(let principal): String(decoding: principal.subject, as: UTF8.self)
    case .wrong(let cause), .declined(let cause): cause.token.description
    case .pending: "pending"
    case .undecided: "undecided"
    }
  }

  @Test func `a key proves its subject`() throws {
    #expect(try verdict(verifier(), ["X-API-Key: \(key.text)"]) == "acme")
    #expect(try verdict(verifier(), ["x-api-key:\(key.text)"]) == "acme")
    #expect(try verdict(verifier(), []) == "absent")
    #expect(try verdict(verifier(), ["X-API-Key: \(expired.text)"]) == "key_expired")
  }

  @Test func `a key that differs anywhere proves nothing`() throws {
    let verifier = try verifier()
    let bytes = Array(key.text.utf8)
    for index in bytes.indices {
      var other = bytes
      other[index] = other[index] == 65 ? 66 : 65
      let text = String(decoding: other, as: UTF8.self)
      let found = try verdict(verifier, ["X-API-Key: \(text)"])
      #expect(found == (index < 21 ? "foreign" : "key_wrong"), "byte \(index)")
      let cut = String(decoding: bytes[..<index], as: UTF8.self)
      #expect(try verdict(verifier, ["X-API-Key: \(cut)"]) == "foreign", "cut at \(index)")
    }
    #expect(try verdict(verifier, ["X-API-Key: \(key.text)x"]) == "foreign")
    #expect(try verdict(verifier, ["X-API-Key: Bearer \(key.text)"]) == "foreign")
    #expect(
      try verdict(verifier, ["X-API-Key: \(key.text)", "X-API-Key: \(key.text)"])
        == "credential_repeated")
  }

  @Test func `a cookie can carry the key, and the other cookies stay`() throws {
    let verifier = try verifier { $0.cookie = "sid" }
    #expect(try verdict(verifier, ["Cookie: a=1; sid=\(key.text); b=2"]) == "acme")
    #expect(try verdict(verifier, ["Cookie: a=1", "Cookie: sid=\(key.text)"]) == "acme")
    #expect(try verdict(verifier, ["Cookie: xsid=\(key.text); SID=\(key.text)"]) == "absent")
    #expect(
      try verdict(verifier, ["Cookie: sid=\(key.text); sid=1"]) == "credential_repeated")
    let test = try TestExchange(
      "GET /", fields: ["Cookie: a=1; sid=\(key.text);b=2", "Cookie: sid=x"])
    try verifier.conceal(in: test.exchange.request)
    #expect(try test.upstream("cookie") == ["a=1; b=2"])
  }

  @Test func `a key goes no further than the edge`() throws {
    let test = try TestExchange("GET /", fields: ["X-Api-Key: \(key.text)"])
    try verifier().conceal(in: test.exchange.request)
    #expect(!(try test.upstreamLines().joined().contains("slk_")))
  }

  @Test func `the upstream learns what the config says it should`() throws {
    let verifier = try verifier {
      $0.claimHeaders = [
        Named(name: "x-partner", value: ["subject"]), Named(name: "x-tier", value: ["tier"]),
        Named(name: "x-scopes", value: ["scopes"]),
      ]
    }
    let test = try TestExchange("GET /", fields: ["X-Api-Key: \(key.text)"])
    guard case .proved(let principal) = verifier.verify(test.exchange) else {
      Issue.record("The key is good.")
      return
    }
    #expect(principal.addFields(to: test.exchange.request.fields))
    #expect(try test.upstream("x-partner") == ["acme"])
    #expect(try test.upstream("x-tier") == ["pro"])
    #expect(try test.upstream("x-scopes") == ["orders:read,orders:write"])
  }

  @Test func `a revoked key is wrong from the next request on`() throws {
    let verifier = try verifier()
    verifier.adopt(try KeyRing([CredentialFile(path: "keys.conf", bytes: [])]))
    #expect(try verdict(verifier, ["X-API-Key: \(key.text)"]) == "foreign")
    verifier.adopt(try ring())
    #expect(try verdict(verifier, ["X-API-Key: \(key.text)"]) == "acme")
  }

  @Test func `ten thousand keys are all found`() throws {
    var keys: [NewKey] = []
    var text = ""
    for index in 0..<10_000 {
      var entry = KeyEntry()
      entry.subject = "s\(index)"
      keys.append(try NewKey(described: entry, library: library))
      text += KeyFile.line(keys[index].entry)
    }
    let verifier = try verifier()
    verifier.adopt(try KeyRing([CredentialFile(path: "keys.conf", bytes: Array(text.utf8))]))
    for (index, key) in keys.enumerated() where index % 97 == 0 {
      #expect(try verdict(verifier, ["X-API-Key: \(key.text)"]) == "s\(index)")
    }
  }

  @Test func `the file holds nothing that opens a door`() throws {
    let line = KeyFile.line(key.entry)
    let secret = key.text.suffix(APIKey.secretCount)
    #expect(!line.contains(secret))
    #expect(String(describing: key.entry).contains(secret) == false)
  }
}
