// What epoll can tell about a descriptor.

import CLinux

/// Readiness of a descriptor, as epoll reports it.
public struct PollEvents: OptionSet, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let readable = PollEvents(rawValue: EPOLLIN.rawValue)
  public static let writable = PollEvents(rawValue: EPOLLOUT.rawValue)
  /// The peer has sent its last byte.
  public static let peerClosed = PollEvents(rawValue: EPOLLRDHUP.rawValue)
  /// Both directions are gone.
  public static let hungUp = PollEvents(rawValue: EPOLLHUP.rawValue)
  public static let failed = PollEvents(rawValue: EPOLLERR.rawValue)
  /// Each change is reported once.
  public static let edgeTriggered = PollEvents(rawValue: EPOLLET.rawValue)
}
