// Lists of certificates that their authority has taken back. RFC 5280 section 5.

import Bytes
import COpenSSL

/// A parsed list. Not `Sendable`: it belongs to the library context that it was read with.
@safe package final class RevocationList {
  /// OpenSSL's handle. Valid as long as this object.
  @unsafe package let pointer: OpaquePointer

  private init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

  deinit { unsafe X509_CRL_free(pointer) }

  /// Reads every list of a PEM text, in its order. Throws when there is none, when one cannot be
  /// read, or when there are more than `max`.
  package static func all(
    in text: Span<UInt8>, max: Int, library: LibraryContext
  ) throws(CryptoError) -> [RevocationList] {
    var lists: [RevocationList] = []
    let outcome = unsafe try MemoryBIO.read(text, orThrow: .revocationsUnreadable) {
      bio -> CryptoError? in
      while true {
        var isEnd: Int32 = 0
        guard let read = unsafe co_read_revocations(bio, library.pointer, &isEnd) else {
          return isEnd == 1 ? nil : .taken(.revocationsUnreadable)
        }
        unsafe lists.append(RevocationList(owning: read))
        guard lists.count <= max else { return CryptoError(.revocationsUnreadable) }
      }
    }
    ErrorQueue.clear()
    if let outcome { throw outcome }
    guard !lists.isEmpty else { throw CryptoError(.revocationsUnreadable) }
    return lists
  }
}
