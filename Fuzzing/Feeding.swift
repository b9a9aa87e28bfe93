// Gives a parser its bytes as a network would: whole, or in pieces of any size, with the window
// moved about in between.
import Bytes
import HTTP1

/// A small deterministic generator, seeded by the input itself, so that a crash repeats.
struct Dice {
  private var state: UInt64

  init(_ bytes: [UInt8]) {
    state = bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } | 1
  }

  mutating func roll(_ sides: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(sides))
  }
}

enum Feeding {
  /// What the next hop's reader takes: a head at the limit has our own fields on top of it when it
  /// goes on.
  static let nextHopLimits = HeadLimits(
    lineBytesMax: HeadLimits.headBytesCeiling, headBytesMax: HeadLimits.headBytesCeiling,
    fieldsMax: HeadLimits.request.fieldsMax + 8, nameBytesMax: HeadLimits.request.nameBytesMax)

  /// All bytes at once.
  static func whole(_ bytes: [UInt8]) -> Buffer {
    let buffer = Buffer(capacity: bytes.count + 64)
    precondition(buffer.append(bytes.span), "The block is large enough.")
    return buffer
  }

  /// Calls `step` after each piece until it has a result; nil when the bytes end first.
  static func pieces<Result>(
    _ bytes: [UInt8], _ step: (Buffer) throws(HTTP1Error) -> Result?
  ) throws(HTTP1Error) -> Result? {
    var dice = Dice(bytes)
    var buffer = Buffer(capacity: bytes.count + 64)
    var index = 0
    while true {
      let end = min(bytes.count, index + 1 + dice.roll(9))
      precondition(buffer.append(bytes.span.extracting(index..<end)), "The block is large enough.")
      index = end
      if let result = try step(buffer) { return result }
      if index == bytes.count { return nil }
      if dice.roll(3) == 0 { buffer = moved(buffer, by: dice.roll(8)) }
    }
  }

  /// The same window in another block, at another offset.
  private static func moved(_ buffer: Buffer, by distance: Int) -> Buffer {
    let other = Buffer(capacity: buffer.capacity + 8)
    precondition(
      other.append([UInt8](repeating: 0, count: distance).span), "The block is large enough.")
    other.consume(distance)
    precondition(other.append(buffer.bytes), "The block is large enough.")
    return other
  }
}

extension Span<UInt8> {
  /// A copy that can be kept and compared.
  var array: [UInt8] {
    var copy: [UInt8] = []
    copy.reserveCapacity(count)
    for index in indices { copy.append(self[index]) }
    return copy
  }
}
