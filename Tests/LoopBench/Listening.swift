// A listening socket on a port that the kernel chose, and connections to it.

import Bytes
import Engine
import Transport

/// Accepts connections one by one.
package final class Listening {
  package let address: SocketAddress
  private let socket: ListeningSocket
  private let waiter: Waiter
  private let loop: EventLoop
  private let pending = BufferPool(capacity: Transport.sendBytesMax, idleMax: 1)
  /// Kept, so that a connection does not end because a test has no more to say on it.
  private var peers: [Peer] = []
  private var isClosed = false

  /// Listens on a free port of the loopback.
  package init(
    on loop: EventLoop, at wanted: SocketAddress = .ip(IPAddress(v4: 0x7f00_0001), port: 0)
  ) throws(SystemError) {
    let descriptor = try ListeningDescriptor.open(wanted)
    self.loop = loop
    waiter = Waiter(on: loop)
    address = wanted.isUnix ? wanted : try ListeningDescriptor.address(of: descriptor)
    socket = ListeningSocket(descriptor: descriptor, on: loop)
    socket.observer = waiter
    try socket.start()
  }

  deinit { close() }

  /// The next connection, waited for.
  package func acceptDescriptor() async throws -> Int32 {
    let end = loop.now.advanced(milliseconds: Bench.patience)
    while true {
      switch socket.accept() {
      case .connection(let descriptor, _): return descriptor
      case .exhausted(let error): throw error
      case .nothing:
        guard await waiter.wait(until: end) == .signalled else {
          throw Stuck(waitingFor: "a connection")
        }
      }
    }
  }

  package func accept() async throws -> Peer {
    let socket = try Socket(descriptor: try await acceptDescriptor(), isConnected: true, on: loop)
    let peer = Peer(Transport(socket: socket, pending: pending), on: loop)
    peers.append(peer)
    return peer
  }

  package func close() {
    guard !isClosed else { return }
    isClosed = true
    socket.stop()
    Descriptor.close(socket.descriptor)
  }
}

extension Bench {
  /// A connection to `address`.
  package func connect(to address: SocketAddress) async throws -> Peer {
    let socket = try Connecting.start(to: address, on: loop)
    let pending = BufferPool(capacity: Transport.sendBytesMax, idleMax: 1)
    let peer = Peer(Transport(socket: socket, pending: pending), on: loop)
    try await until("a connection to \(address)") { socket.isWritable }
    if let error = socket.connectError() { throw error }
    keep(peer)
    return peer
  }

  /// Two ends of one connection over the loopback.
  package func pair() async throws -> (Peer, Peer) {
    let listening = try Listening(on: loop)
    let near = try await connect(to: listening.address)
    let far = try await listening.accept()
    keep(far)
    return (near, far)
  }
}
