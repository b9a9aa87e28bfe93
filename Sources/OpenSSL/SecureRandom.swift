// Random numbers from OpenSSL's generator, drawn in blocks so that an id costs no call of the
// library.

import COpenSSL

/// A worker's source of unpredictable numbers. Bytes that were handed out are wiped.
@safe package final class SecureRandom: RandomNumberGenerator {
  /// Bytes drawn at a time: 256 ids of 16 bytes.
  private static let blockBytes = 4096
  private let library: LibraryContext
  private let block: UnsafeMutableRawBufferPointer
  private var offset = SecureRandom.blockBytes

  /// Fails when the generator gives no bytes, so that a start without randomness is noticed at
  /// once.
  package init(library: LibraryContext) throws(CryptoError) {
    self.library = library
    unsafe block = .allocate(byteCount: Self.blockBytes, alignment: 16)
    try draw()
  }

  deinit {
    unsafe OPENSSL_cleanse(block.baseAddress, block.count)
    unsafe block.deallocate()
  }

  package func next() -> UInt64 {
    if offset == Self.blockBytes { redraw() }
    // The offset is a multiple of 8 below the block's size.
    let number = unsafe block.load(fromByteOffset: offset, as: UInt64.self)
    unsafe block.storeBytes(of: 0, toByteOffset: offset, as: UInt64.self)
    offset += 8
    return number
  }

  private func draw() throws(CryptoError) {
    try unsafe library.fillRandom(block)
    offset = 0
  }

  // A gateway that goes on with predictable ids and tickets is worse than one that stops. No peer
  // can cause this: the generator was seeded at the start.
  private func redraw() {
    do { try draw() } catch { preconditionFailure("The random generator failed while running.") }
  }
}
