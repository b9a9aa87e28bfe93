// The sockets that c-ares opens, on the loop that the resolver lives on. They are watched
// level-triggered, since c-ares reads once per call and leaves the rest for the next.

import Engine

/// The open sockets of one channel, and those that have something to do.
final class ResolverSockets {
  private let loop: EventLoop
  private let waiter: Waiter
  private var sockets: [Int32: ForeignSocket] = [:]
  /// Why a socket could not be watched; its queries then run into their timeout.
  private(set) var lastError: SystemError?

  /// - Parameter waiter: signalled when a socket has something to do.
  init(on loop: EventLoop, waking waiter: Waiter) {
    self.loop = loop
    self.waiter = waiter
  }

  var count: Int { sockets.count }

  /// c-ares says what it waits for on a socket; neither means that it is about to close it.
  func update(_ descriptor: Int32, readable: Bool, writable: Bool) {
    var interest = PollEvents()
    if readable { interest.insert(.readable) }
    if writable { interest.insert(.writable) }
    do throws(SystemError) {
      if let socket = sockets[descriptor] {
        if interest.isEmpty { remove(socket) } else { try socket.rewatch(for: interest) }
      } else if !interest.isEmpty {
        let socket = ForeignSocket(descriptor: descriptor, on: loop, observer: waiter)
        try socket.watch(for: interest)
        sockets[descriptor] = socket
      }
    } catch {
      lastError = error
    }
  }

  /// What has happened since the last call, one item per socket.
  func takeReady() -> [(descriptor: Int32, events: PollEvents)] {
    sockets.values.compactMap { socket in
      let events = socket.takeEvents()
      return events.isEmpty ? nil : (socket.descriptor, events)
    }
  }

  private func remove(_ socket: ForeignSocket) {
    sockets[socket.descriptor] = nil
    socket.unwatch()
  }
}
