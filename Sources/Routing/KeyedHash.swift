// A hash of short texts whose seed no client knows. It only places the names of a configuration in
// a table: clients look up and never insert, so the longest probe is known when the table is built.

struct KeyedHash {
  private var state: UInt64

  init(seed: UInt64) { state = seed ^ 0x9E37_79B9_7F4A_7C15 }

  mutating func add(_ byte: UInt8) {
    state = ((state &<< 5 | state &>> 59) ^ UInt64(byte)) &* 0x517C_C1B7_2722_0A95
  }

  var value: UInt64 { Self.mix(state) }

  /// The hash of a text that belongs to `parent`.
  static func under(_ parent: UInt32, _ hash: UInt64) -> UInt64 {
    mix(hash ^ (UInt64(parent) &+ 1) &* 0xD6E8_FEB8_6659_FD93)
  }

  private static func mix(_ word: UInt64) -> UInt64 {
    var word = word
    word = (word ^ word &>> 32) &* 0xD6E8_FEB8_6659_FD93
    word = (word ^ word &>> 29) &* 0xBF58_476D_1CE4_E5B9
    return word ^ word &>> 32
  }
}
