// The subject alternative names of a certificate. RFC 5280 section 4.2.1.6. The common name is
// never used as a host name.

import COpenSSL

/// A name that a certificate speaks for.
package enum CertificateName: Equatable, Sendable {
  case dns(String)
  case uri(String)
  /// Four bytes of IPv4 or sixteen of IPv6.
  case address([UInt8])
}

extension Certificate {
  /// The DNS, URI and IP names of the certificate, in its order. Throws when one holds a byte that
  /// such a name cannot have: a NUL inside a name has made checkers see a shorter one.
  package var names: [CertificateName] {
    get throws(CryptoError) {
      guard let list = unsafe co_names(pointer) else {
        ErrorQueue.clear()
        return []
      }
      defer { unsafe GENERAL_NAMES_free(list) }
      var names: [CertificateName] = []
      for index in unsafe 0..<co_names_count(list) {
        var bytes: UnsafePointer<UInt8>?
        var count: Int32 = 0
        let type = unsafe co_name_at(list, index, &bytes, &count)
        // The bytes are the certificate's, and are copied at once.
        let copy = unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: Int(count)))
        if let name = try Self.name(type: type, copy) { names.append(name) }
      }
      return names
    }
  }

  private static func name(type: Int32, _ bytes: [UInt8]) throws(CryptoError) -> CertificateName? {
    if type == GEN_IPADD {
      guard bytes.count == 4 || bytes.count == 16 else { throw CryptoError(.nameUnreadable) }
      return .address(bytes)
    }
    guard type == GEN_DNS || type == GEN_URI else { return nil }
    guard bytes.allSatisfy({ $0 > 32 && $0 < 127 }) else { throw CryptoError(.nameUnreadable) }
    let text = String(decoding: bytes, as: UTF8.self)
    return type == GEN_DNS ? .dns(text) : .uri(text)
  }
}
