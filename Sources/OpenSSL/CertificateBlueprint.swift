// What a new certificate shall say, and its making. For development certificates and tests: it is
// not an authority for production.

import COpenSSL

/// The content of a certificate to be issued.
package struct CertificateBlueprint {
  /// What the certificate may be used for.
  package enum Purpose {
    case authority
    case server
    case client
  }

  package var commonName: String
  package var purpose: Purpose
  package var names: [Name] = []
  /// Seconds since 1970.
  package var notBefore: Int
  /// Seconds since 1970.
  package var notAfter: Int

  /// A subject alternative name in text.
  package enum Name {
    case dns(String)
    case address(String)
    case uri(String)

    /// OpenSSL's notation, nil when the text could be read as more than one name.
    var notation: String? {
      let (kind, text) =
        switch self {
        case .dns(let text): ("DNS", text)
        case .address(let text): ("IP", text)
        case .uri(let text): ("URI", text)
        }
      let isPlain = text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 44 && $0 != 59 }
      return isPlain && !text.isEmpty ? "\(kind):\(text)" : nil
    }
  }

  package init(
    commonName: String, purpose: Purpose, names: [Name], notBefore: Int, notAfter: Int
  ) {
    self.commonName = commonName
    self.purpose = purpose
    self.names = names
    self.notBefore = notBefore
    self.notAfter = notAfter
  }

  /// Issues the certificate for `key`. Without an authority the certificate signs itself.
  package func issue(
    for key: PrivateKey, by authority: (certificate: Certificate, key: PrivateKey)?,
    library: LibraryContext
  ) throws(CryptoError) -> Certificate {
    guard let fresh = unsafe X509_new_ex(library.pointer, nil) else {
      throw .taken(.generationFailed)
    }
    let certificate = unsafe Certificate(owning: fresh)
    try unsafe fill(fresh, publicKeyOf: key, library: library)
    let issuer = unsafe authority?.certificate.pointer ?? fresh
    guard unsafe X509_set_issuer_name(fresh, X509_get_subject_name(issuer)) == 1 else {
      throw .taken(.generationFailed)
    }
    for (kind, value) in try extensions() {
      guard unsafe co_add_extension(fresh, issuer, kind, value) == 1 else {
        throw .taken(.generationFailed)
      }
    }
    let signer = authority?.key ?? key
    guard unsafe X509_sign(fresh, signer.pointer, library.sha256) > 0 else {
      throw .taken(.generationFailed)
    }
    return certificate
  }

  /// Version, serial number, validity, subject and public key.
  private func fill(_ fresh: OpaquePointer, publicKeyOf key: PrivateKey, library: LibraryContext)
    throws(CryptoError)
  {
    var serial: UInt64 = 0
    try unsafe withUnsafeMutableBytes(of: &serial) { memory throws(CryptoError) in
      try unsafe library.fillRandom(memory)
    }
    let number = unsafe X509_get_serialNumber(fresh)
    let subject = unsafe X509_get_subject_name(fresh)
    // RFC 5280 section 4.1.2.2 asks for a positive number.
    let isFilled =
      unsafe X509_set_version(fresh, 2) == 1
      && ASN1_INTEGER_set_uint64(number, serial >> 1 | 1) == 1
      && ASN1_TIME_set(X509_getm_notBefore(fresh), notBefore) != nil
      && ASN1_TIME_set(X509_getm_notAfter(fresh), notAfter) != nil
      && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_FLAG | 0, commonName, -1, -1, 0) == 1
      && X509_set_pubkey(fresh, key.pointer) == 1
    guard isFilled else { throw .taken(.generationFailed) }
  }

  private func extensions() throws(CryptoError) -> [(Int32, String)] {
    var list: [(Int32, String)] = [(NID_subject_key_identifier, "hash")]
    switch purpose {
    case .authority:
      list.append((NID_basic_constraints, "critical,CA:TRUE,pathlen:0"))
      list.append((NID_key_usage, "critical,keyCertSign,cRLSign"))
    case .server, .client:
      list.append((NID_basic_constraints, "critical,CA:FALSE"))
      list.append((NID_key_usage, "critical,digitalSignature"))
      list.append((NID_ext_key_usage, purpose == .server ? "serverAuth" : "clientAuth"))
    }
    guard !names.isEmpty else { return list }
    var notations: [String] = []
    for name in names {
      guard let notation = name.notation else { throw CryptoError(.nameUnreadable) }
      notations.append(notation)
    }
    list.append((NID_subject_alt_name, notations.joined(separator: ",")))
    return list
  }
}
