// Published keys through rotations, outages and floods, over minutes that nobody waits for: the
// clock is a number, the issuer is a set of keys that is there or not.

import Bytes
import Configuration
import Engine
import LoopBench
import OpenSSL
import PolicyChain
import Signatures
import Testing

@testable import Policies

/// An issuer that signs with secrets, and a gateway that keeps its keys by the real plan.
private final class World {
  let library: LibraryContext
  let desk: KeyDesk
  let verifier: JWTVerifier
  private(set) var now = Instant(nanoseconds: 1_000_000_000_000)
  private(set) var wall: UInt64 = 1_795_453_378
  /// Published now, by key id.
  var published: [String] = ["a"]
  var isAway = false
  private(set) var fetches = 0
  private var known: [String] = []

  init(refresh: UInt64 = 300_000) throws {
    library = try LibraryContext()
    desk = KeyDesk(refresh: refresh, first: now)
    var settings = JWTIdentity.Settings()
    settings.issuer = "ci"
    settings.audiences = ["api"]
    settings.algorithms = [.hs256]
    verifier = try JWTVerifier(
      settings, KeySet(keys: [], skipped: []),
      VerifierContext(
        label: IdentityLabel(name: "people", metric: 1), library: library, desk: desk))
  }

  static func secret(_ id: String) -> [UInt8] {
    Array("\(id): a secret of thirty-two bytes or more".utf8)
  }

  func token(_ id: String?, lifetime: UInt64 = 600, subject: String = "ann") throws -> String {
    let header = id.map { #"{"alg":"HS256","kid":"\#($0)"}"# } ?? #"{"alg":"HS256"}"#
    let claims = #"{"iss":"ci","aud":"api","sub":"\#(subject)","exp":\#(wall + lifetime)}"#
    let input =
      Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
    let key = Self.secret(id ?? "a")
    let code = try HMACSHA256(key: key.span, library: library).code(for: input.utf8Span.span)
    return input + "." + Base64URL.encode((0..<32).map { code[$0] })
  }

  /// What Control does when it is due.
  func turn() throws {
    guard desk.isDue(at: now) else { return }
    desk.begin(at: now)
    fetches += 1
    if !isAway, known != published {
      known = published
      verifier.adopt(try keys(known))
    }
    desk.end(isGood: !isAway, at: now, jitter: 0.5)
  }

  private func keys(_ ids: [String]) throws -> KeySet {
    let keys = ids.map { id in
      #"{"kty":"oct","kid":"\#(id)","k":"\#(Base64URL.encode(Self.secret(id)))"}"#
    }
    return try KeySet(
      jwks: #"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8Span.span, library: library)
  }

  func pass(seconds: UInt64) throws {
    for _ in 0..<seconds {
      now = now.advanced(milliseconds: 1_000)
      wall += 1
      try turn()
    }
  }

  func proof(of token: String) -> Proof { verifier.proof(of: token.utf8Span.span, now: wall) }

  /// Shows a token as a request does: who names an unknown key asks, and looks again.
  func show(_ token: String, on bench: isolated Bench) throws -> String {
    for _ in 0..<2 {
      guard case .pending = proof(of: token) else { break }
      let waiter = Waiter(on: bench.loop)
      if case .later = desk.ask(waiter.remote, at: now) {
        return desk.isLastGood ? "later" : "unavailable"
      }
      try turn()
      guard desk.isLastGood else { break }
    }
    switch proof(of: token) {
    case .proved: return "proved"
    case .pending: return desk.isLastGood ? "refused" : "unavailable"
    default: return "refused"
    }
  }
}

@Suite struct PublishedKeysTests {
  @Test func `an issuer that changes its keys and goes away for ten minutes refuses nobody`()
    async throws
  {
    try await onLoop { bench in
      let world = try World()
      try world.turn()
      var tokens = [try world.token("a", lifetime: 3600)]
      #expect(try world.show(tokens[0], on: bench) == "proved")
      // A second key is published, and used at once.
      try world.pass(seconds: 40)
      world.published = ["a", "b"]
      tokens.append(try world.token("b", lifetime: 3600))
      for token in tokens { #expect(try world.show(token, on: bench) == "proved") }
      world.isAway = true
      for second in 0..<600 {
        try world.pass(seconds: 1)
        let fresh = try world.token(second % 2 == 0 ? "a" : "b", subject: "u\(second)")
        for token in tokens + [fresh] {
          #expect(try world.show(token, on: bench) == "proved", "second \(second)")
        }
      }
      // It is back with a third key: whoever shows it is let in.
      world.isAway = false
      world.published = ["b", "c"]
      #expect(try world.show(try world.token("c"), on: bench) == "proved")
      #expect(try world.show(try world.token("a"), on: bench) != "proved")
    }
  }

  @Test func `however many unknown keys are named, the issuer is asked once in thirty seconds`()
    async throws
  {
    try await onLoop { bench in
      let world = try World(refresh: 3_600_000)
      try world.turn()
      try world.pass(seconds: 10)
      let before = world.fetches
      for second in 0..<120 {
        for index in 0..<50 {
          let shown = try world.show(try world.token("x\(second).\(index)"), on: bench)
          #expect(shown == "refused" || shown == "later")
        }
        #expect(try world.show(try world.token("a"), on: bench) == "proved")
        try world.pass(seconds: 1)
      }
      #expect((4...5).contains(world.fetches - before), "\(world.fetches - before)")
    }
  }

  @Test func `a key that appears during a flood is taken within thirty seconds`() async throws {
    try await onLoop { bench in
      let world = try World(refresh: 3_600_000)
      try world.turn()
      try world.pass(seconds: 10)
      _ = try world.show(try world.token("x"), on: bench)
      world.published = ["a", "b"]
      let token = try world.token("b")
      #expect(try world.show(token, on: bench) == "later")
      try world.pass(seconds: 30)
      // Nobody had to ask again.
      if case .proved = world.proof(of: token) {} else { Issue.record("It is known by now.") }
    }
  }

  @Test func `keys are fetched ahead of time, and more often while that fails`() throws {
    let world = try World(refresh: 300_000)
    try world.turn()
    try world.pass(seconds: 3_000)
    #expect((10...12).contains(world.fetches), "\(world.fetches)")
    world.isAway = true
    let before = world.fetches
    try world.pass(seconds: 600)
    #expect((15...21).contains(world.fetches - before), "\(world.fetches - before)")
  }

  @Test func `without any keys nothing is refused, and nothing is let in`() async throws {
    try await onLoop { bench in
      let world = try World()
      world.isAway = true
      try world.turn()
      #expect(try world.show(try world.token("a"), on: bench) == "unavailable")
      world.isAway = false
      try world.pass(seconds: 31)
      #expect(try world.show(try world.token("a"), on: bench) == "proved")
    }
  }

  @Test func `a token without an id waits for keys that may be new`() async throws {
    try await onLoop { bench in
      let world = try World()
      world.published = ["z"]
      try world.turn()
      try world.pass(seconds: 31)
      let token = try world.token(nil)
      if case .pending = world.proof(of: token) {} else { Issue.record("Its key may be new.") }
      world.published = ["a"]
      #expect(try world.show(token, on: bench) == "proved")
    }
  }

  @Test func `so many requests wait, and no more`() async throws {
    try await onLoop { bench in
      let desk = KeyDesk(refresh: 300_000, first: bench.loop.now)
      let waiter = Waiter(on: bench.loop)
      for _ in 0..<KeyDesk.waitingMax {
        #expect(desk.ask(waiter.remote, at: bench.loop.now) == .wait(round: 0, hasBegun: false))
      }
      #expect(desk.ask(waiter.remote, at: bench.loop.now) == .later(seconds: 1))
      desk.begin(at: bench.loop.now)
      desk.end(isGood: true, at: bench.loop.now, jitter: 0)
      #expect(await waiter.wait(until: bench.deadline) == .signalled)
      #expect(desk.round == 1)
    }
  }

  @Test(arguments: [
    (#"jwks="http://id.example.com/k""#, "takes https://"),
    (#"jwks="ftp://id.example.com/k""#, "http"),
    (#"jwks="https://user@id.example.com/k""#, "user"),
    (#"jwks="https://id.example.com/k" refresh=5s"#, "30s"),
    (#"key="k" ca="c""#, "'ca=' is for"),
    (#"jwks="http://127.0.0.1:1/k" ca="c""#, "'ca=' is for"),
  ])
  func `keys that somebody else could change are an error`(property: String, words: String) {
    let text =
      "sluice 1\nidentity a jwt issuer=\"x\" audience=[x] algorithms=[ES256] \(property)\n"
      + "listener edge {\n  bind 127.0.0.1:8080\n}\n"
      + "route r {\n  match path=/**\n  auth any=[a]\n  respond 200\n}\n"
    let result = ExampleTests.load(text)
    #expect(result.configuration == nil)
    #expect(
      result.diagnostics.contains { $0.message.contains(words) },
      "\(result.diagnostics.map(\.message))")
  }
}
