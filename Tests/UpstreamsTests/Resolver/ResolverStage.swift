// A resolver on its own loop, asking a server of the test's.

import Bytes
import Engine
import Upstreams

/// The actor that Control is in the gateway.
actor ResolverStage: LoopActor {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }
  private var resolver: Resolver?
  private var changes: [String] = []
  private var failures: [String] = []
  private var twin: String?
  private let ended: Waiter
  private let changed: Waiter

  init(_ loop: EventLoop) {
    self.loop = loop
    ended = Waiter(on: loop)
    changed = Waiter(on: loop)
  }

  func begin(_ settings: Resolver.Settings) throws {
    let resolver = try Resolver(on: loop, settings: settings)
    resolver.onChange = { name, addresses in
      self.changes.append("\(name) \(addresses.map { "\($0)" }.joined(separator: " "))")
      self.changed.signal()
    }
    resolver.onFailure = { name, error, last in
      self.failures.append("\(name) \(error) \(last?.addresses.count ?? 0)")
      self.changed.signal()
    }
    self.resolver = resolver
    start {
      await resolver.run()
      self.ended.signal()
    }
  }

  /// Stops the resolver and says how many sockets it left behind.
  func end() async -> Int {
    resolver?.stop()
    _ = await ended.wait(until: .never)
    resolver = nil
    return loop.socketCount
  }

  func keep(_ names: Set<String>) -> Set<String> { resolver?.keep(names) ?? names }

  /// The addresses in words, or the error.
  func resolve(_ name: String, within milliseconds: UInt64 = 10_000) async -> String {
    guard let resolver else { return "ended" }
    let waiter = Waiter(on: loop)
    defer { waiter.retire() }
    do throws(ResolutionError) {
      let deadline = loop.now.advanced(milliseconds: milliseconds)
      let found = try await resolver.resolve(name, parking: waiter, until: deadline)
      return found.addresses.map { "\($0)" }.joined(separator: " ")
    } catch {
      return "\(error)"
    }
  }

  /// The same name twice: both callers are parked before the first question leaves.
  func resolveTwice(_ name: String) async -> [String] {
    start {
      self.twin = await self.resolve(name)
      self.changed.signal()
    }
    let own = await resolve(name)
    while twin == nil { _ = await changed.wait(until: .never) }
    return [twin ?? "", own]
  }

  /// Waits until as many changes or failures were reported.
  func reports(_ count: Int) async -> [String] {
    while changes.count + failures.count < count {
      guard await changed.wait(until: loop.now.advanced(milliseconds: 20_000)) == .signalled else {
        return ["too few: \(changes) \(failures)"]
      }
    }
    return changes + failures
  }
}

/// Runs `body` with a resolver that asks a server with this script; gives the sockets left behind.
func withResolver(
  _ settings: Resolver.Settings = Resolver.Settings(), _ script: @escaping DNSTestServer.Script,
  _ body: (ResolverStage, DNSTestServer) async throws -> Void
) async throws -> Int {
  try await withResolver(settings, asking: try DNSTestServer(script), body)
}

/// The same with a server of the test's own making.
func withResolver(
  _ settings: Resolver.Settings, asking server: DNSTestServer,
  _ body: (ResolverStage, DNSTestServer) async throws -> Void
) async throws -> Int {
  let loop = try EventLoop()
  let thread = try LoopThread(named: "resolver-test", running: loop)
  let stage = ResolverStage(loop)
  var settings = settings
  settings.servers = "127.0.0.1:\(server.port)"
  try await stage.begin(settings)
  try await body(stage, server)
  let left = await stage.end()
  server.stop()
  loop.stop()
  thread.join()
  return left
}
