// Messages of gRPC's health protocol, byte by byte.

import LoopBench
import Testing

@testable import Upstreams

@Suite struct GRPCHealthTests {
  @Test func `a question names its service, or nothing`() {
    #expect(GRPCHealth.request(for: "") == [0, 0, 0, 0, 0])
    #expect(GRPCHealth.request(for: "a.B") == [0, 0, 0, 0, 5, 10, 3, 97, 46, 66])
  }

  @Test(
    arguments: [
      ([0, 0, 0, 0, 2, 8, 1], .serving), ([0, 0, 0, 0, 2, 8, 2], .notServing),
      ([0, 0, 0, 0, 2, 8, 3], .serviceUnknown), ([0, 0, 0, 0, 0], .unknown),
      // The last one of a field holds, and fields of later versions are passed over.
      ([0, 0, 0, 0, 4, 8, 2, 8, 1], .serving),
      ([0, 0, 0, 0, 6, 18, 2, 1, 1, 8, 1], .serving),
      ([0, 0, 0, 0, 7, 29, 1, 2, 3, 4, 8, 1], .serving),
      ([0, 0, 0, 0, 11, 25, 1, 2, 3, 4, 5, 6, 7, 8, 8, 1], .serving),
      ([0, 0, 0, 0, 4, 24, 7, 8, 1], .serving),
      ([0, 0, 0, 0, 2, 8, 9], nil), ([], nil), ([0, 0, 0, 0], nil), ([1, 0, 0, 0, 2, 8, 1], nil),
      ([0, 0, 0, 0, 3, 8, 1], nil), ([0, 0, 0, 0, 2, 8, 1, 0], nil), ([0, 0, 0, 0, 1, 8], nil),
      ([0, 255, 255, 255, 255, 8, 1], nil), ([0, 0, 0, 0, 2, 18, 9], nil),
      ([0, 0, 0, 0, 1, 15], nil),
    ] as [([UInt8], GRPCHealth.Status?)])
  func `an answer is read, or refused`(bytes: [UInt8], status: GRPCHealth.Status?) {
    #expect(GRPCHealth.status(in: bytes) == status)
  }

  @Test func `no bytes make the reader trap`() {
    var random = Seeded(seed: 9)
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...20, using: &random)
      var bytes: [UInt8] = [0, 0, 0, 0, UInt8(count)]
      for _ in 0..<count { bytes.append(.random(in: 0...255, using: &random)) }
      _ = GRPCHealth.status(in: bytes)
    }
  }
}
