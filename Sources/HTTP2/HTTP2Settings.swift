// What one side of a connection announces and keeps: RFC 9113 section 6.5.2. Each number with its
// reason.

/// Settings of one session. The owner may lower or raise them from its own `limits`.
public struct HTTP2Settings: Sendable, Equatable {
  public init() {}

  /// Streams that the peer may have open at once. Every one may cost an exchange and a task.
  public var concurrentStreamsMax: UInt32 = 100
  /// Bytes of one stream that may be on their way or wait here to be pulled. It is the size of the
  /// buffer that they wait in, so that no more can ever come than fits.
  public var streamWindow: Int32 = 64 * 1024
  /// The same for all streams together: what a connection can make us hold of request bodies.
  public var connectionWindow: Int32 = 1024 * 1024
  /// Payload of one frame that is accepted: RFC 9113's least. Larger ones would only make others
  /// wait longer.
  public var frameBytesMax: UInt32 = 16 * 1024
  /// Bytes of the table that the peer's encoder may use, and ours. It is memory of idle
  /// connections, and what an HPACK bomb multiplies by (CVE-2016-6581).
  public var headerTableBytes: UInt32 = 4096
  /// Bytes of names and values of one head. More of them is not kept, and the head is marked.
  public var headBytesMax = 32 * 1024
  /// Fields of one head, pseudo-fields and cookie crumbs included.
  public var fieldsMax = 100
  /// Whether clients may ask for tunnels by extended CONNECT: RFC 8441.
  public var allowsExtendedConnect = false
}
