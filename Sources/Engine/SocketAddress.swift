// Where sockets listen and connect: an IP address with a port, or the path of a unix socket.

import Bytes
import CLinux
import Glibc

/// An address that the kernel can bind or connect to.
public enum SocketAddress: Hashable, Sendable {
  case ip(IPAddress, port: UInt16)
  /// A unix socket's path: at most 107 bytes, which `init(unix:)` checks.
  case unix(String)

  /// A unix socket; nil when the path is empty, longer than the kernel takes, or holds a NUL.
  public init?(unix path: String) {
    let bytes = path.utf8
    guard !bytes.isEmpty, bytes.count <= 107, !bytes.contains(0) else { return nil }
    self = .unix(path)
  }

  public var isUnix: Bool { if case .unix = self { true } else { false } }

  var family: Int32 {
    switch self {
    case .ip(let address, _): address.isV4 ? AF_INET : AF_INET6
    case .unix: AF_UNIX
    }
  }

  /// Calls `body` with the kernel's form of the address.
  func withSystemAddress<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    var storage = sockaddr_storage()
    let length = unsafe withUnsafeMutableBytes(of: &storage) { unsafe write(to: $0) }
    // sockaddr_storage is made to be read as any socket address.
    return unsafe withUnsafePointer(to: &storage) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
    }
  }

  private func write(to memory: UnsafeMutableRawBufferPointer) -> socklen_t {
    switch self {
    case .ip(let address, let port):
      if address.isV4 {
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_port = port.bigEndian
        four.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.low).bigEndian
        unsafe memory.storeBytes(of: four, as: sockaddr_in.self)
        return socklen_t(MemoryLayout<sockaddr_in>.size)
      }
      var six = sockaddr_in6()
      six.sin6_family = sa_family_t(AF_INET6)
      six.sin6_port = port.bigEndian
      unsafe withUnsafeMutableBytes(of: &six.sin6_addr) {
        unsafe $0.storeBytes(of: address.high.bigEndian, toByteOffset: 0, as: UInt64.self)
        unsafe $0.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
      }
      unsafe memory.storeBytes(of: six, as: sockaddr_in6.self)
      return socklen_t(MemoryLayout<sockaddr_in6>.size)
    case .unix(let path):
      unsafe memory.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
      var offset = 2
      for byte in path.utf8 {
        unsafe memory[offset] = byte
        offset += 1
      }
      return socklen_t(offset + 1)
    }
  }

  /// Reads the kernel's form; a unix peer has no name and gives an empty path.
  init(_ storage: sockaddr_storage) {
    self = unsafe withUnsafeBytes(of: storage) { memory in
      switch Int32(storage.ss_family) {
      case AF_INET:
        let four = unsafe memory.load(as: sockaddr_in.self)
        return .ip(
          IPAddress(v4: UInt32(bigEndian: four.sin_addr.s_addr)),
          port: UInt16(bigEndian: four.sin_port))
      case AF_INET6:
        let high = unsafe memory.load(fromByteOffset: 8, as: UInt64.self)
        let low = unsafe memory.load(fromByteOffset: 16, as: UInt64.self)
        let port = unsafe memory.load(fromByteOffset: 2, as: UInt16.self)
        return .ip(
          IPAddress(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low)),
          port: UInt16(bigEndian: port))
      default:
        return .unix("")
      }
    }
  }
}

extension SocketAddress: CustomStringConvertible {
  public var description: String {
    switch self {
    case .ip(let address, let port):
      address.isV4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}
