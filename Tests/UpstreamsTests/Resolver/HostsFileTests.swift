// The hosts file as machines have it.

import Engine
import Testing
import Upstreams

struct HostsFileTests {
  private static let text = """
    127.0.0.1\tlocalhost  # the loopback
    ::1 localhost ip6-localhost
    # 192.0.2.9 hidden
    192.0.2.1 Orders.Internal orders\r
    192.0.2.1 orders
    not-an-address nobody
    192.0.2.2

    192.0.2.3 last#not-this
    """

  @Test(
    arguments: [
      ("localhost", ["127.0.0.1", "::1"]), ("ip6-localhost", ["::1"]), ("hidden", []),
      ("orders.internal", ["192.0.2.1"]), ("orders", ["192.0.2.1"]), ("nobody", []),
      ("last", ["192.0.2.3"]), ("not-this", []), ("", []),
    ])
  func `a name has the addresses of its lines`(name: String, addresses: [String]) {
    let file = HostsFile(Array(Self.text.utf8).span)
    #expect(file[name].map { "\($0)" } == addresses)
  }

  @Test func `a file that is not there has no names, and one that is no file is an error`() throws {
    #expect(try HostsFile(path: "/nonexistent/hosts")["localhost"].isEmpty)
    #expect(throws: SystemError.self) { try HostsFile(path: "/") }
  }
}
