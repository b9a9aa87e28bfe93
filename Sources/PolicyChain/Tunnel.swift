// What follows an upgrade: bytes in both directions that belong to neither request nor response.
// RFC 9110 section 7.8.

/// Which end of an upgraded connection is meant.
public enum TunnelSide: UInt8, BitwiseCopyable, Sendable {
  case client, upstream
}

/// One end of an upgraded connection. Both are used by one task, which never waits for one of them
/// alone.
public protocol TunnelEnd: AnyObject {
  /// Bytes that can be had without waiting; nil when there are none now, or never again. They are
  /// consumed before the next call.
  func ready() throws(Failure) -> BodyChunk?

  /// Whether the peer has sent its last byte and `ready` has handed it out.
  var hasEnded: Bool { get }

  /// Moves on what was sent before. Returns whether all of it is out of our hands, so that more may
  /// be sent.
  func flush() throws(Failure) -> Bool

  /// Sends the chunk and consumes it. Nothing may be unsent before.
  func send(_ chunk: BodyChunk) throws(Failure)

  /// Tells the peer that no more bytes will come.
  func endSending()

  /// Makes the close that follows one that the peer cannot take for an orderly end.
  func abort()
}

/// What a route allows an upgraded connection, and what is left of it.
public final class UpgradeTerms {
  /// Milliseconds without a byte in either direction.
  public let idle: UInt64
  /// Milliseconds from the upgrade to the end.
  public let ageMax: UInt64
  /// Bytes of both directions together that may still pass.
  public private(set) var bytesLeft: UInt64
  /// What the upstream must say in Sec-WebSocket-Accept. RFC 6455 section 4.2.2.
  public let acceptance: [UInt8]

  public init(idle: UInt64, ageMax: UInt64, bytesMax: UInt64, acceptance: [UInt8]) {
    self.idle = idle
    self.ageMax = ageMax
    bytesLeft = bytesMax
    self.acceptance = acceptance
  }

  /// Counts bytes before they are passed on, and refuses those that are too many.
  public func take(_ count: Int) throws(Failure) {
    let count = UInt64(count)
    guard count <= bytesLeft else {
      throw Failure(.tunnelBytes, origin: .gateway, retry: .never)
    }
    bytesLeft -= count
  }
}
