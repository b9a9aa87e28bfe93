// One stream as its user sees it: what came, what is to be sent, and how it ended. RFC 9113 section
// 5. The session changes it; whoever observes it looks what changed, as with a socket.

import Bytes

/// Told that something about a stream changed, after the session has returned from its work.
public protocol HTTP2StreamObserver: AnyObject {
  func streamChanged()
}

/// A stream of one session, which both belong to one loop.
///
/// What is seen from other modules is stored apart from its name: the compiler proves for storage
/// that only this module reaches that no two accesses overlap, and leaves the run-time check out.
public final class HTTP2Stream {
  /// Zero until the session has numbered it.
  public var id: Int32 { number }
  var number: Int32 = 0
  public var observer: (any HTTP2StreamObserver)? {
    get { ownObserver }
    set { ownObserver = newValue }
  }
  private var ownObserver: (any HTTP2StreamObserver)?
  /// Where the session keeps it among its open streams.
  var place = 0

  /// The first head that was not taken yet: a request's, or an interim response's or the final one.
  private var firstHead: HeaderBlock?
  /// Those behind it, which only responses have.
  private var furtherHeads: [HeaderBlock] = []
  /// Fields behind the body.
  public var trailers: HeaderBlock? { ownTrailers }
  var ownTrailers: HeaderBlock?
  /// Whether a head was complete before the one that is being read.
  var hasHead = false

  /// Bytes of the body that wait to be consumed. The user consumes from its window, then calls
  /// `HTTP2Session.credit`.
  public var inbound: Buffer? { received }
  var received: Buffer?
  /// Bytes of the body that have come.
  public var receivedBytes: UInt64 { receivedCount }
  var receivedCount: UInt64 = 0
  /// Of those, the ones whose window has been given back to the peer.
  var creditedBytes: UInt64 = 0
  /// Whether the peer has sent its last frame of the stream.
  public var isInboundComplete: Bool { hasReceivedLast }
  var hasReceivedLast = false

  /// What is to be sent next.
  var outbound: Buffer?
  /// Bytes of the body that were handed over and not yet framed.
  public var unsentBytes: Int { unsentCount }
  var unsentCount = 0
  var isLastHandedOver = false
  var hasTrailers = false
  var isDeferred = false
  /// Whether our last frame of the stream has been framed.
  public var isOutboundComplete: Bool { hasFramedLast }
  var hasFramedLast = false

  /// How the stream ended; nil while it lives.
  public var closeCode: HTTP2ErrorCode? { endCode }
  var endCode: HTTP2ErrorCode?
  /// Whether the peer reset it.
  public var isResetByPeer: Bool { wasReset }
  var wasReset = false
  var isListed = false

  init() {}

  public var isClosed: Bool { endCode != nil }

  /// The next head, in the order in which they came; nil when there is none.
  public func takeHead() -> HeaderBlock? {
    guard let head = firstHead else { return nil }
    headCount -= 1
    firstHead = headCount == 0 ? nil : furtherHeads.removeFirst()
    return head
  }

  func add(_ head: HeaderBlock) {
    if headCount == 0 { firstHead = head } else { furtherHeads.append(head) }
    headCount += 1
  }

  /// Heads that wait to be taken.
  private(set) var headCount = 0
}
