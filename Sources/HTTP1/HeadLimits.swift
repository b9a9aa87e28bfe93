// Bounds of heads, chunk lines and trailers, each with its reason. Not the bounds of bodies: those
// are policies.

/// What one message may take beside its body.
public struct HeadLimits: Sendable, Equatable {
  /// Bytes of one line without its line end. RFC 9112 section 3 asks for at least 8000 for the
  /// request line.
  public let lineBytesMax: Int
  /// Bytes of the whole head, from its first line to its empty line, which is what one exchange
  /// holds of memory before it is known who asks.
  public let headBytesMax: Int
  /// Field lines. Servers behind the edge take about a hundred, and each one costs lookups.
  public let fieldsMax: Int
  /// Bytes of one field name; see `FieldSyntax.nameBytesMax`.
  public let nameBytesMax: Int

  /// Largest value of `headBytesMax`: offsets within a line have 16 bits.
  public static let headBytesCeiling = 64 * 1024 - 1

  public init(lineBytesMax: Int, headBytesMax: Int, fieldsMax: Int, nameBytesMax: Int) {
    precondition(
      (1...Self.headBytesCeiling).contains(headBytesMax) && lineBytesMax > nameBytesMax,
      "Offsets within a line have 16 bits, and a name is part of its line.")
    self.lineBytesMax = lineBytesMax
    self.headBytesMax = headBytesMax
    self.fieldsMax = fieldsMax
    self.nameBytesMax = nameBytesMax
  }

  /// What clients may send: twice what browsers with many cookies do.
  public static let request = HeadLimits(
    lineBytesMax: 8 * 1024, headBytesMax: 32 * 1024, fieldsMax: 100, nameBytesMax: 254)
  /// What upstreams may send: policies in one long line are common there, so the head alone bounds
  /// a line.
  public static let response = HeadLimits(
    lineBytesMax: headBytesCeiling, headBytesMax: headBytesCeiling, fieldsMax: 100,
    nameBytesMax: 254)
  /// What may follow a chunked body: digests, timings and gRPC's status need a few hundred bytes.
  public static let trailers = HeadLimits(
    lineBytesMax: 4 * 1024, headBytesMax: 8 * 1024, fieldsMax: 32, nameBytesMax: 254)
}

/// What the framing of a chunked body may take.
public struct ChunkLimits: Sendable, Equatable {
  /// Bytes of one chunk's extensions. Hardly anybody sends any, and all of them are dropped.
  public var extensionBytesMax = 256
  /// Bytes of framing beyond what chunks of reasonable size need, over the whole body: a sender of
  /// many bytes of framing per byte of body keeps a worker busy for nothing (CVE-2023-39326).
  public var overheadBytesMax = 16 * 1024

  public init() {}
}
