// The 32 bytes that SHA-256 and HMAC-SHA-256 give.

/// A digest. Comparing two takes the same time whatever their bytes are.
package struct Digest256: Equatable, Sendable {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  package static let byteCount = 32

  /// Lets `fill` write the 32 bytes.
  init(filledBy fill: (UnsafeMutableRawBufferPointer) -> Bool, orThrow error: () -> CryptoError)
    throws(CryptoError)
  {
    // Four words are 32 bytes without padding.
    guard unsafe withUnsafeMutableBytes(of: &words, { unsafe fill($0) }) else { throw error() }
  }

  /// A digest that was computed before, from its 32 bytes.
  package init(bytes: Span<UInt8>) {
    precondition(bytes.count == Self.byteCount, "A digest has 32 bytes.")
    unsafe withUnsafeMutableBytes(of: &words) { target in
      // Four words are 32 bytes without padding.
      for index in 0..<Self.byteCount { unsafe target[index] = bytes[index] }
    }
  }

  package static func == (left: Digest256, right: Digest256) -> Bool {
    let first = (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1)
    let second = (left.words.2 ^ right.words.2) | (left.words.3 ^ right.words.3)
    return first | second == 0
  }

  /// The byte at `index`, from 0 to 31.
  package subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < Self.byteCount, "A digest has 32 bytes.")
    return unsafe withUnsafeBytes(of: words) { unsafe $0[index] }
  }

  /// The digest in 64 lower-case hexadecimal digits: for logs and control paths.
  package var hex: String {
    var text = ""
    text.reserveCapacity(2 * Self.byteCount)
    for index in 0..<Self.byteCount {
      if self[index] < 16 { text += "0" }
      text += String(self[index], radix: 16)
    }
    return text
  }
}
