// Request ids: UUIDs that sort by time. RFC 9562 section 5.7.

import Bytes

/// A version 7 UUID: 48 bits of milliseconds, 74 random bits.
struct UUID7 {
  let high: UInt64
  let low: UInt64

  init(unixMilliseconds: UInt64, random: (UInt64, UInt64)) {
    high = unixMilliseconds << 16 | 0x7000 | random.0 & 0xFFF
    low = 0x8000_0000_0000_0000 | random.1 >> 2
  }
}

extension Output {
  /// Appends the 36 characters of RFC 9562 section 4.
  mutating func append(_ id: UUID7) { append(uuid: id.high, id.low) }
}
