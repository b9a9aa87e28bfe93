// Whether this machine has a way to IPv6 addresses at all. Connecting a datagram socket sends
// nothing: it only asks the kernel for a route.

import Glibc

enum IPv6Reach {
  /// Whether there is a route to a global address (2001:4860::, which is in use).
  static func check() -> Bool {
    let socket = socket(AF_INET6, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return false }
    defer { close(socket) }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = UInt16(53).bigEndian
    unsafe withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
      for (index, byte) in [0x20, 0x01, 0x48, 0x60].enumerated() {
        unsafe bytes[index] = UInt8(byte)
      }
    }
    let length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    // The kernel reads an IPv6 address by its family, as with every socket address.
    return unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(socket, $0, length) == 0
      }
    }
  }
}
