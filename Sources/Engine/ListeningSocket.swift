// Sockets that listen: opened once, one per worker and address, and accepted from in batches.

import CLinux
import Glibc

/// Opens listening descriptors. They outlive loops and generations, so that a reload drops no
/// connection.
public enum ListeningDescriptor {
  /// Connections that the kernel keeps until they are accepted; it caps this at net.core.somaxconn.
  public static let backlog: Int32 = 4096

  /// Binds and listens. TCP sockets share their port by SO_REUSEPORT, each worker with one of its
  /// own.
  ///
  /// A unix socket's stale file is replaced when nobody answers on it.
  public static func open(_ address: SocketAddress) throws(SystemError) -> Int32 {
    try open(address, sharesPort: true)
  }

  /// Binds and listens on a port that nobody else listens on, nor may later.
  public static func openAlone(_ address: SocketAddress) throws(SystemError) -> Int32 {
    try open(address, sharesPort: false)
  }

  private static func open(
    _ address: SocketAddress, sharesPort: Bool
  ) throws(SystemError) -> Int32 {
    if case .unix(let path) = address { try removeStale(path) }
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(address.family, kind | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError("socket") }
    do throws(SystemError) {
      if !address.isUnix {
        try set(descriptor, SOL_SOCKET, SO_REUSEADDR)
        if sharesPort { try set(descriptor, SOL_SOCKET, SO_REUSEPORT) }
        // Accepted sockets inherit it: a proxy sends whole messages and never waits for more to
        // send.
        try set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
        if address.family == AF_INET6 { try set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
      }
      let bound = unsafe address.withSystemAddress { unsafe bind(descriptor, $0, $1) }
      guard bound == 0 else { throw SystemError("bind") }
      guard listen(descriptor, backlog) == 0 else { throw SystemError("listen") }
    } catch {
      close(descriptor)
      throw error
    }
    return descriptor
  }

  /// The address that a descriptor is bound to, which tells the port that the kernel chose for port
  /// 0.
  public static func address(of descriptor: Int32) throws(SystemError) -> SocketAddress {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &storage) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &length)
      }
    }
    guard result == 0 else { throw SystemError("getsockname") }
    return SocketAddress(storage)
  }

  private static func set(_ descriptor: Int32, _ level: Int32, _ name: Int32) throws(SystemError) {
    var one: Int32 = 1
    guard unsafe setsockopt(descriptor, level, name, &one, 4) == 0 else {
      throw SystemError("setsockopt")
    }
  }

  private static func removeStale(_ path: String) throws(SystemError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw SystemError("bind", code: EADDRINUSE) }
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard probe >= 0 else { throw SystemError("socket") }
    defer { close(probe) }
    let answered = unsafe SocketAddress.unix(path).withSystemAddress {
      unsafe connect(probe, $0, $1)
    }
    guard answered != 0, errno == ECONNREFUSED else {
      throw SystemError("bind", code: EADDRINUSE)
    }
    guard unsafe unlink(path) == 0 else { throw SystemError("unlink") }
  }
}

/// A listening descriptor watched by one loop.
public final class ListeningSocket: EventSource {
  public enum Accepted {
    case connection(Int32, from: SocketAddress)
    case nothing
    /// Descriptors or memory ran out: accept again only after a pause.
    case exhausted(SystemError)
  }

  public var observer: (any SocketObserver)?
  private var isClosed = false

  /// Watches a descriptor that `ListeningDescriptor.open` made. The descriptor stays its opener's.
  public override init(descriptor: Int32, on loop: EventLoop) {
    super.init(descriptor: descriptor, on: loop)
  }

  /// Starts to report connections. Level-triggered: a batch that is cut short is reported again.
  public func start() throws(SystemError) { try watch(for: .readable) }

  /// Reports no more until `resume`: what arrives waits in the kernel's queue.
  public func pause() throws(SystemError) { try rewatch(for: []) }
  public func resume() throws(SystemError) { try rewatch(for: .readable) }

  public override func receive(_ events: PollEvents) {
    observer?.socketChanged()
  }

  /// Takes one connection off the kernel's queue.
  public func accept() -> Accepted {
    var storage = sockaddr_storage()
    while true {
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let descriptor = unsafe cl_accept(descriptor, &storage, &length)
      if descriptor >= 0 { return .connection(descriptor, from: SocketAddress(storage)) }
      switch errno {
      // The peer left while it was queued, or the network under it did: the next one may be fine
      // (accept(2)).
      case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
        EOPNOTSUPP, ENETUNREACH:
        continue
      case EAGAIN: return .nothing
      default: return .exhausted(SystemError("accept4"))
      }
    }
  }

  /// Stops reporting. The descriptor stays open.
  public func stop() {
    guard !isClosed else { return }
    isClosed = true
    observer = nil
    unwatch()
  }
}

/// Descriptors that never became a socket here.
public enum Descriptor {
  public static func close(_ descriptor: Int32) { Glibc.close(descriptor) }

  /// Closes a listening descriptor and removes a unix socket's file.
  public static func close(_ descriptor: Int32, listeningOn address: SocketAddress) {
    // A file that is gone already is what was wanted.
    if case .unix(let path) = address { _ = unsafe unlink(path) }
    close(descriptor)
  }
}

/// Starts connections.
public enum Connecting {
  /// A socket that connects, or has already. Wait until it is writable, then ask `connectError`.
  public static func start(
    to address: SocketAddress, on loop: EventLoop
  ) throws(SystemError) -> Socket {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(address.family, kind | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError("socket") }
    if !address.isUnix {
      var one: Int32 = 1
      // Without it small requests would wait for acknowledgements; a failure costs only time.
      _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    }
    let result = unsafe address.withSystemAddress { unsafe connect(descriptor, $0, $1) }
    guard result == 0 || errno == EINPROGRESS else {
      let error = SystemError("connect")
      close(descriptor)
      throw error
    }
    return try Socket(descriptor: descriptor, isConnected: result == 0, on: loop)
  }
}
