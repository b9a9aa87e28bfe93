// One stream as its user sees it: what came, what is to be sent, and how it ended. RFC 9113 section
// 5. The session changes it; whoever observes it looks what changed, as with a socket.

import Bytes

/// Told that something about a stream changed, after the session has returned from its work.
public protocol HTTP2StreamObserver: AnyObject {
  func streamChanged()
}

/// A stream of one session, which both belong to one loop.
public final class HTTP2Stream {
  /// Zero until the session has numbered it.
  public internal(set) var id: Int32 = 0
  public var observer: (any HTTP2StreamObserver)?

  /// Heads that were not taken yet: a request's, or those of interim responses and the final one.
  var heads: [HeaderBlock] = []
  /// Fields behind the body.
  public internal(set) var trailers: HeaderBlock?
  /// Whether a head was complete before the one that is being read.
  var hasHead = false

  /// Bytes of the body that wait to be consumed. The user consumes from its window, then calls
  /// `HTTP2Session.credit`.
  public internal(set) var inbound: Buffer?
  /// Bytes of the body that have come.
  public internal(set) var receivedBytes: UInt64 = 0
  /// Of those, the ones whose window has been given back to the peer.
  var creditedBytes: UInt64 = 0
  /// Whether the peer has sent its last frame of the stream.
  public internal(set) var isInboundComplete = false

  /// What is to be sent next.
  var outbound: Buffer?
  /// Bytes of the body that were handed over and not yet framed.
  public internal(set) var unsentBytes = 0
  var isLastHandedOver = false
  var hasTrailers = false
  var isDeferred = false
  /// Whether our last frame of the stream has been framed.
  public internal(set) var isOutboundComplete = false

  /// How the stream ended; nil while it lives.
  public internal(set) var closeCode: HTTP2ErrorCode?
  /// Whether the peer reset it.
  public internal(set) var isResetByPeer = false
  var isListed = false

  init() {}

  public var isClosed: Bool { closeCode != nil }

  /// The next head, in the order in which they came; nil when there is none.
  public func takeHead() -> HeaderBlock? { heads.isEmpty ? nil : heads.removeFirst() }
}
