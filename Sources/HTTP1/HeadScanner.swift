// Lines and fields of one head, shared by requests, responses and trailers. RFC 9112 sections 2.2
// and 5. It knows where bytes stand, not what they mean.

import Bytes
import HTTPMessage

/// Finds the lines of a head, each byte once, however the head is cut into reads.
///
/// All its positions count from the first byte of the head, which is the first byte of the buffer's
/// window: `origin` is where that stands in the block. Between two calls the caller may move the
/// window within its block or into another one, as long as it keeps its bytes and does not consume
/// any.
struct HeadScanner {
  private enum Phase: UInt8 { case name, value }

  /// What the next bytes are.
  enum Step {
    case needsMore
    /// A complete line; the flag says whether its name has an underscore or a dot.
    case field(FieldEntry, isAmbiguous: Bool)
    /// The empty line was read; `position` counts the bytes of the head.
    case end
  }

  private let limits: HeadLimits
  /// Offset of the head in its block.
  private(set) var origin = 0
  /// Start of the line that is not complete.
  private(set) var position = 0
  /// Bytes before this one were looked at and are in order.
  private var scanned = 0
  private var nameCount = 0
  private var fieldCount = 0
  private var phase = Phase.name
  private var isAmbiguous = false

  init(limits: HeadLimits) { self.limits = limits }

  /// Whether no byte of a head was seen.
  var isAtStart: Bool { scanned == 0 }

  /// Starts over with a head whose first byte stands at `origin`.
  mutating func start(at origin: Int) {
    self = HeadScanner(limits: limits)
    self.origin = origin
  }

  /// Follows the head to where it stands now. Returns the distance that offsets into the block move
  /// by.
  mutating func follow(to newOrigin: Int) -> Int {
    defer { origin = newOrigin }
    return newOrigin - origin
  }

  /// The first line without its line end, or nil when more bytes are needed.
  mutating func startLine(
    in bytes: Span<UInt8>, tooLong: HTTP1Error
  ) throws(HTTP1Error) -> Range<Int>? {
    guard let end = try lineEnd(in: bytes, tooLong: tooLong) else { return nil }
    defer { nextLine(after: end) }
    return position..<end
  }

  mutating func nextField(in bytes: Span<UInt8>) throws(HTTP1Error) -> Step {
    if let entry = wholeField(in: bytes) { return .field(entry, isAmbiguous: false) }
    return try partOfField(in: bytes)
  }

  /// A line that is complete and ordinary, which nearly all are; nil for all others, of which
  /// nothing is remembered. It checks what `partOfField` checks, in one go.
  @inline(__always)
  private mutating func wholeField(in bytes: Span<UInt8>) -> FieldEntry? {
    let start = position
    guard phase == .name, scanned == start, fieldCount < limits.fieldsMax else { return nil }
    let end = bytes.firstControl(from: start)
    guard end > start, end &- start <= limits.lineBytesMax, end <= limits.headBytesMax &- 2,
      end < bytes.count &- 1, bytes[end] == 13, bytes[end &+ 1] == 10
    else { return nil }
    let colon = bytes.extracting(0..<end).firstIndex(of: 0x3A, from: start)
    let nameCount = colon &- start
    guard colon < end, nameCount > 0, nameCount <= limits.nameBytesMax else { return nil }
    let field = KnownField(in: bytes, from: start, count: nameCount)
    // A name that equals a known one needs no look at its bytes.
    if field == .other, bytes.firstNonNameByte(from: start) != colon { return nil }
    self.nameCount = nameCount
    let entry = entry(in: bytes, end: end, field)
    fieldCount &+= 1
    position = end &+ 2
    scanned = position
    return entry
  }

  /// The next step for a line that is cut, unusual or wrong.
  private mutating func partOfField(in bytes: Span<UInt8>) throws(HTTP1Error) -> Step {
    if phase == .name {
      guard scanned < bytes.count else { return .needsMore }
      if scanned == position {
        if bytes[position] == ASCII.carriageReturn { return try headEnd(in: bytes) }
        guard fieldCount < limits.fieldsMax else { throw .tooManyFields }
      }
      guard try scanName(in: bytes) else { return .needsMore }
    }
    guard let end = try lineEnd(in: bytes, tooLong: .fieldTooLong) else { return .needsMore }
    let field = KnownField(in: bytes, from: position, count: nameCount)
    let entry = entry(in: bytes, end: end, field)
    let wasAmbiguous = isAmbiguous
    fieldCount &+= 1
    nextLine(after: end)
    return .field(entry, isAmbiguous: wasAmbiguous)
  }

  private mutating func nextLine(after end: Int) {
    position = end &+ 2
    scanned = position
    phase = .name
    isAmbiguous = false
  }

  private mutating func headEnd(in bytes: Span<UInt8>) throws(HTTP1Error) -> Step {
    try check(position, max: limits.lineBytesMax, tooLong: .fieldTooLong)
    guard position &+ 1 < bytes.count else { return .needsMore }
    guard bytes[position &+ 1] == ASCII.lineFeed else { throw .bareCR }
    position &+= 2
    scanned = position
    return .end
  }

  /// Scans the name of the line up to its colon. Returns false when more bytes are needed.
  private mutating func scanName(in bytes: Span<UInt8>) throws(HTTP1Error) -> Bool {
    var index = bytes.firstNonNameByte(from: scanned)
    while index < bytes.count, ByteSet.token.contains(bytes[index]) {
      if bytes[index] == 0x5F || bytes[index] == 0x2E { isAmbiguous = true }
      index = bytes.firstNonNameByte(from: index &+ 1)
    }
    scanned = index
    try check(index, max: limits.nameBytesMax, tooLong: .fieldNameTooLong)
    guard index < bytes.count else { return false }
    guard bytes[index] == 0x3A, index > position else { throw nameError(bytes[index]) }
    nameCount = index &- position
    scanned = index &+ 1
    phase = .value
    return true
  }

  /// What is wrong with a name that ends with `byte` at `scanned`.
  private func nameError(_ byte: UInt8) -> HTTP1Error {
    let isFirst = scanned == position
    return switch byte {
    case ASCII.space, ASCII.tab: isFirst ? .obsFold : .spaceBeforeColon
    case 0x3A: .emptyFieldName
    case ASCII.carriageReturn: .fieldWithoutColon
    case ASCII.lineFeed: .bareLF
    case 0: .nulByte
    default: ASCII.isControl(byte) ? .controlCharacter : .badFieldName
    }
  }

  /// The end of the line, which is where its CR LF starts, or nil when more bytes are needed.
  private mutating func lineEnd(
    in bytes: Span<UInt8>, tooLong: HTTP1Error
  ) throws(HTTP1Error) -> Int? {
    let end = bytes.firstControl(from: scanned)
    scanned = end
    try check(end, max: limits.lineBytesMax, tooLong: tooLong)
    guard end < bytes.count else { return nil }
    switch bytes[end] {
    case ASCII.carriageReturn: break
    case ASCII.lineFeed: throw .bareLF
    case 0: throw .nulByte
    default: throw .controlCharacter
    }
    guard end &+ 1 < bytes.count else { return nil }
    guard bytes[end &+ 1] == ASCII.lineFeed else { throw .bareCR }
    return end
  }

  /// Holds `end`, up to which the line was read, against the limit that is reached first, so that
  /// the error does not depend on how the head was cut.
  private func check(_ end: Int, max: Int, tooLong: HTTP1Error) throws(HTTP1Error) {
    // Two bytes of line end are still to come, also for the empty line.
    let headEnd = limits.headBytesMax &- 2
    if end &- position > max, position &+ max <= headEnd { throw tooLong }
    if end > headEnd { throw .headTooLarge }
  }

  @inline(__always)
  private func entry(in bytes: Span<UInt8>, end: Int, _ field: KnownField) -> FieldEntry {
    var first = position &+ nameCount &+ 1
    var last = end
    while first < last, FieldSyntax.isBlank(bytes[first]) { first &+= 1 }
    while last > first, FieldSyntax.isBlank(bytes[last &- 1]) { last &-= 1 }
    return FieldEntry(
      start: origin &+ position, nameCount: nameCount, valueOffset: first &- position,
      valueCount: last &- first, lineCount: end &+ 2 &- position,
      field: field, isAdded: false)
  }
}
