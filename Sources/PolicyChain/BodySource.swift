// Bodies are pulled: nobody reads from one side before the other can take it.

import Bytes
import Engine
import HTTPMessage

/// The bytes of a body, pulled by its one owner.
public protocol BodySource: AnyObject {
  /// What can be had without waiting. Nil when nothing can, or at the end.
  ///
  /// The window of the buffer holds body bytes only as far as `limit` says; the owner consumes
  /// them.
  func ready() throws(Failure) -> BodyChunk?

  /// Waits until `ready` may find more, or the end. Throws when there will be none.
  func wait() async throws(Failure)

  /// The body is not wanted any more: its sender is told in the strongest way that its protocol
  /// has.
  func cancel()

  /// Whether the last byte has been handed out: the only sign of a whole body.
  var isComplete: Bool { get }

  /// When the sender must have made progress; `ready` throws once it has passed. `never` when
  /// nothing is awaited.
  var deadline: Instant { get }

  /// Fields after the body; valid once it is complete.
  var trailers: FieldSection? { get }
}

extension BodySource {
  /// The next run of bytes, waited for if need be. Nil at the end.
  public func pull() async throws(Failure) -> BodyChunk? {
    while true {
      if let chunk = try ready() { return chunk }
      if isComplete { return nil }
      try await wait()
    }
  }
}

/// A run of body bytes at the front of a buffer's window.
///
/// The owner calls `buffer.consume(count)` when it has used them, before it pulls again.
public struct BodyChunk {
  public let buffer: Buffer
  public let count: Int

  public init(buffer: Buffer, count: Int) {
    self.buffer = buffer
    self.count = count
  }

  public var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    get {
      // The buffer is held by this chunk.
      let range = buffer.start..<buffer.start + count
      return unsafe _overrideLifetime(buffer.unsafeBytes(range), borrowing: self)
    }
  }
}

/// What follows a response head.
public enum ResponseBody {
  case none
  /// A body that Sluice made: an error's, a route's own answer.
  case bytes([UInt8])
  case stream(any BodySource)
  /// No body: the upstream speaks another protocol from here on. The status is 101.
  case tunnel(any TunnelEnd)
}
