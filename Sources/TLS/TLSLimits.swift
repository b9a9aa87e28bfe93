// The bounds of this target, each with its reason.

/// Numbers that bound what a peer can make TLS hold or do.
package enum TLSLimits {
  /// Bytes of plaintext in one record. RFC 8446 section 5.1.
  package static let recordBytesMax = 16 * 1024
  /// Room for what a record adds to its plaintext: header, explicit nonce, content type, tag. At
  /// most 29 here.
  package static let recordOverhead = 64
  /// Bytes of a client's certificate chain: three RSA-4096 certificates are about 5 KiB.
  package static let clientChainBytesMax = 16 * 1024
  /// Bytes of an upstream's certificate chain. Some public chains carry many names.
  package static let serverChainBytesMax = 64 * 1024
  /// Intermediate authorities between a peer's certificate and a trusted one.
  package static let chainDepthMax: Int32 = 4
  /// Seconds for which a ticket can resume a session: one rotation of the keys.
  package static let ticketLifetime = 12 * 3600
  /// Ciphertext that a session keeps because its reader took no more plaintext, and that it could
  /// not send. Two scratch buffers of the largest useful size.
  package static let keptBytesMax = 256 * 1024
  /// Certificates in one file, so that a flight of handshake messages fits into one send.
  package static let chainCountMax = 10
  /// Bytes of a certificate or key file.
  package static let pairFileBytesMax = 256 * 1024
  /// Bytes of a bundle of authorities: the whole web's is about 220 KiB.
  package static let bundleFileBytesMax = 4 * 1024 * 1024
  /// Revocation lists of one identity: one for each of its authorities, and for some a newer one.
  package static let revocationListsMax = 256
  /// Certificates that a client may send behind its own, as far as anyone looks at them.
  package static let clientChainCountMax = 4
  /// Authorities in one bundle: the whole web's has about 150.
  package static let bundleCountMax = 2000
}
