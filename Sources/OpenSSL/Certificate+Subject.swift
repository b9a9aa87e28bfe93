// Whose certificate it is, and who says so, as text. RFC 5280 section 4.1.2, RFC 4514.

import COpenSSL

extension Certificate {
  /// The subject as RFC 4514 writes names; empty when it has none.
  package var subject: String {
    get throws(CryptoError) { try unsafe Self.text(of: X509_get_subject_name(pointer)) }
  }

  /// The name of who issued it.
  package var issuer: String {
    get throws(CryptoError) { try unsafe Self.text(of: X509_get_issuer_name(pointer)) }
  }

  /// The serial number in hexadecimal digits.
  package var serial: String {
    get throws(CryptoError) {
      let text = unsafe try MemoryBIO.write(orThrow: .certificateUnreadable) { bio in
        unsafe co_write_serial(bio, pointer) == 1
      }
      return String(decoding: text, as: UTF8.self)
    }
  }

  private static func text(of name: OpaquePointer?) throws(CryptoError) -> String {
    guard let name = unsafe name else { throw CryptoError(.nameUnreadable) }
    if unsafe X509_NAME_entry_count(name) == 0 { return "" }
    let text = unsafe try MemoryBIO.write(orThrow: .nameUnreadable) { bio in
      unsafe co_write_name(bio, name) == 1
    }
    // A log and a header take it as it is.
    guard text.allSatisfy({ 32...126 ~= $0 }) else { throw CryptoError(.nameUnreadable) }
    return String(decoding: text, as: UTF8.self)
  }
}
