// Accepting when the process has no descriptor left. The limit is lowered for the whole process, so
// this runs in a child of its own: the test binary starts itself again for it.

import Bytes
import Engine
import Glibc
import LoopBench
import Testing

@Suite(.timeLimit(.minutes(5)))
struct DescriptorExhaustionTests {
  @Test func `accepting reports exhaustion and goes on when descriptors are free again`() async {
    await #expect(processExitsWith: .success) {
      try await onLoop { bench in
        let listening = try Listening(on: bench.loop)
        let client = try await bench.connect(to: listening.address)
        let taken = Self.takeAllDescriptors()
        await #expect(throws: SystemError("accept4", code: EMFILE)) {
          _ = try await listening.acceptDescriptor()
        }
        close(taken)
        let peer = try await listening.accept()
        try await client.send("late")
        guard try await peer.read(count: 4) == Array("late".utf8) else { exit(1) }
      }
    }
  }

  /// Lowers the limit to what is open, and fills what is left. Returns one of the descriptors.
  private static func takeAllDescriptors() -> Int32 {
    var limit = rlimit()
    let lowest = dup(0)
    limit.rlim_cur = rlim_t(lowest + 1)
    limit.rlim_max = rlim_t(lowest + 1)
    guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      exit(2)
    }
    return lowest
  }
}
