// Names and values of a query string, decoded while they are compared: `%41` is `A` and `+` is a
// blank, as forms are encoded (WHATWG URL, application/x-www-form-urlencoded). A broken escape
// equals nothing.

import Bytes

enum QueryText {
  /// Whether `encoded` stands for exactly the bytes of `plain`.
  static func equals(_ encoded: borrowing Span<UInt8>, _ plain: borrowing Span<UInt8>) -> Bool {
    var index = 0
    var matched = 0
    while index < encoded.count {
      guard let byte = next(encoded, &index), matched < plain.count, plain[matched] == byte
      else { return false }
      matched &+= 1
    }
    return matched == plain.count
  }

  /// The hash of the bytes that `encoded` stands for; nil when an escape is broken.
  static func hash(_ encoded: borrowing Span<UInt8>, seed: UInt64) -> UInt64? {
    var hash = KeyedHash(seed: seed)
    var index = 0
    while index < encoded.count {
      guard let byte = next(encoded, &index) else { return nil }
      hash.add(byte)
    }
    return hash.value
  }

  /// The byte at `index`, which moves behind it; nil for a broken escape.
  private static func next(_ encoded: borrowing Span<UInt8>, _ index: inout Int) -> UInt8? {
    let byte = encoded[index]
    index &+= 1
    if byte == UInt8(ascii: "+") { return ASCII.space }
    guard byte == UInt8(ascii: "%") else { return byte }
    guard index + 1 < encoded.count, let high = ASCII.hexValue(encoded[index]),
      let low = ASCII.hexValue(encoded[index + 1])
    else { return nil }
    index &+= 2
    return high << 4 | low
  }
}
