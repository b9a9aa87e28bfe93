// What an idle server session costs after ten requests.

import Bytes
import COpenSSL
import Glibc
import OpenSSL
import Testing

@testable import TLS

@Suite(.serialized) struct IdleMemoryTests {
  private static let isAskedFor = unsafe getenv("SLUICE_MEASURE") != nil

  /// Bytes that the process has allocated, large blocks included.
  private func allocatedBytes() -> Int {
    let state = mallinfo2()
    return state.uordblks + state.hblkhd
  }

  private func idleServers(
    _ count: Int, _ scene: Scene, _ server: TLSServerContext, _ client: TLSClientContext
  ) throws -> [TLSSession] {
    let clientScratch = TLSScratch.test()
    let serverScratch = TLSScratch.test()
    return try (0..<count).map { _ in
      let wire = try Wire(
        client: client, server: server, serverScratch: serverScratch, clientScratch: clientScratch)
      wire.shake()
      for _ in 0..<10 {
        try wire.send([UInt8](repeating: 65, count: 400), from: wire.client)
        _ = try wire.receive(wire.server)
        try wire.send([UInt8](repeating: 65, count: 600), from: wire.server)
        _ = try wire.receive(wire.client)
      }
      #expect(!wire.server.session.hasUnsent)
      return wire.server.session
    }
  }

  /// Parallel tests allocate too, so this one is run alone, when it is asked for.
  @Test(
    .enabled(
      if: isAskedFor, "SLUICE_MEASURE=1 swift test --filter IdleMemory"),
    arguments: [TLSVersion.tls12, .tls13])
  func `an idle session of ten requests takes less than 14 KiB`(version: TLSVersion) throws {
    let scene = try Scene()
    let server = try scene.server()
    let client = try scene.client()
    try client.limit(to: version)
    let warm = try idleServers(20, scene, server, client)
    let before = allocatedBytes()
    let count = 2000
    let idle = try idleServers(count, scene, server, client)
    let bytesEach = (allocatedBytes() - before) / count
    print("\(version.name): \(bytesEach) bytes for each idle session")
    #expect(warm.count + idle.count == 20 + count)
    #expect(bytesEach < 14 * 1024)
  }
}
