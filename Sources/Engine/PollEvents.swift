// What epoll can tell about a descriptor.

import CLinux

/// Readiness of a descriptor, as epoll reports it.
package struct PollEvents: OptionSet, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let readable = PollEvents(rawValue: EPOLLIN.rawValue)
  package static let writable = PollEvents(rawValue: EPOLLOUT.rawValue)
  /// The peer has sent its last byte.
  package static let peerClosed = PollEvents(rawValue: EPOLLRDHUP.rawValue)
  /// Both directions are gone.
  package static let hungUp = PollEvents(rawValue: EPOLLHUP.rawValue)
  package static let failed = PollEvents(rawValue: EPOLLERR.rawValue)
  /// Each change is reported once.
  package static let edgeTriggered = PollEvents(rawValue: EPOLLET.rawValue)
}
