// What a handshake agreed on, for routing, policies and the log.

import COpenSSL
import OpenSSL

/// The result of a handshake. Read once per connection and kept by it.
package struct TLSNegotiation: Sendable, Hashable {
  package let version: TLSVersion
  package let cipher: TLSCipher
  /// The protocol that ALPN chose, nil when the client offered none.
  package let applicationProtocol: ApplicationProtocol?
  /// The server name that the client sent, in the form in which names are compared.
  package let serverName: String?
  /// Whether an earlier session was resumed by a ticket.
  package let isResumed: Bool
}

extension TLSSession {
  /// What the handshake agreed on; nil before its end.
  package var negotiation: TLSNegotiation? {
    guard unsafe SSL_is_init_finished(ssl) == 1,
      let version = unsafe TLSVersion(rawValue: UInt16(truncatingIfNeeded: SSL_version(ssl))),
      let cipher = unsafe TLSCipher(
        rawValue: SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl)))
    else { return nil }
    return TLSNegotiation(
      version: version, cipher: cipher, applicationProtocol: chosenProtocol,
      serverName: serverName, isResumed: unsafe SSL_session_reused(ssl) == 1)
  }

  private var chosenProtocol: ApplicationProtocol? {
    var start: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    unsafe SSL_get0_alpn_selected(ssl, &start, &count)
    // The bytes are the session's, and are copied at once; only names of our own list can be
    // chosen.
    let bytes = unsafe UnsafeBufferPointer(start: start, count: Int(count))
    return unsafe ApplicationProtocol(rawValue: String(decoding: bytes, as: UTF8.self))
  }

  private var serverName: String? {
    guard let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else { return nil }
    return unsafe ServerNames.canonical(String(cString: name))
  }

  /// What the peer sent behind its certificate, in DER: authorities between it and one that is
  /// known. A resumed session has none, and one that needs them is not resumed.
  package func peerChain() throws(CryptoError) -> [[UInt8]] {
    var chain: [[UInt8]] = []
    let count = unsafe min(Int(co_peer_chain_count(ssl)), TLSLimits.clientChainCountMax)
    for index in 0..<max(count, 0) {
      guard let certificate = unsafe co_peer_chain_at(ssl, Int32(index)),
        unsafe X509_up_ref(certificate) == 1
      else { throw CryptoError(.certificateUnreadable) }
      unsafe try chain.append(Certificate(owning: certificate).der)
    }
    return chain
  }

  /// The peer's certificate in DER, nil when it sent none. On a server it was verified against the
  /// listener's client authorities; a resumed session carries the one of its first handshake.
  package func peerCertificate() throws(CryptoError) -> [UInt8]? {
    guard let certificate = unsafe SSL_get0_peer_certificate(ssl) else { return nil }
    guard unsafe X509_up_ref(certificate) == 1 else { return nil }
    return try unsafe Certificate(owning: certificate).der
  }
}
