// The client side's settings in OpenSSL's form: one per worker, upstream name and configuration
// generation.

import COpenSSL
import OpenSSL

/// What TLS towards one upstream name shall be.
package struct TLSClientSettings: Sendable {
  /// Whether, and against which authorities, the upstream's certificate is verified.
  package enum Verification: Sendable {
    case against(AuthorityBundle)
    /// Any certificate passes: encryption against listeners only. Configuration must say so.
    case off
  }

  /// The name or IP address that the certificate must have. A name is sent as SNI; an address is
  /// not, RFC 6066.
  package var serverName: String
  package var verification: Verification
  package var protocols: [ApplicationProtocol]
  /// Presented when the upstream asks for one.
  package var certificate: CertificatePair?

  package init(
    serverName: String, verification: Verification, protocols: [ApplicationProtocol],
    certificate: CertificatePair?
  ) {
    self.serverName = serverName
    self.verification = verification
    self.protocols = protocols
    self.certificate = certificate
  }
}

/// What a worker's sessions to one upstream name share, its newest session ticket included. Not
/// `Sendable`.
@safe package final class TLSClientContext {
  let library: LibraryContext
  /// Without a trailing dot; empty when the upstream is named by its address.
  let sentName: String
  private var base: SSLContext?
  private var resumable: OpaquePointer?

  /// - Parameter trust: a store built from the settings' bundle, when several contexts share one.
  package init(settings: TLSClientSettings, trust: TrustStore?, library: LibraryContext)
    throws(TLSSetupError)
  {
    self.library = library
    let name = ServerNames.canonical(settings.serverName)
    let isAddress = Self.isAddress(name)
    sentName = isAddress ? "" : name
    unsafe resumable = nil
    guard !name.isEmpty, name.utf8.count <= 253, name.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
    else {
      throw TLSSetupError(.serverNameInvalid)
    }
    let owner = unsafe Unmanaged.passUnretained(self).toOpaque()
    let context = unsafe try SSLContext(
      method: TLS_client_method(), minimumVersion: .tls12, owner: owner, library: library)
    switch settings.verification {
    case .off: unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_NONE, nil)
    case .against(let bundle):
      let store: TrustStore
      if let trust { store = trust } else { store = try TrustStore(bundle, library: library) }
      try context.verify(
        SSL_VERIFY_PEER, against: store, purpose: X509_PURPOSE_SSL_SERVER,
        chainBytesMax: TLSLimits.serverChainBytesMax)
      try Self.expect(name, isAddress: isAddress, of: context)
    }
    if let pair = settings.certificate { try context.use(pair, library: library) }
    let list = ApplicationProtocol.wireList(settings.protocols)
    // Unlike all its other calls, this one of OpenSSL's returns 0 for success.
    guard
      unsafe list.isEmpty
        || SSL_CTX_set_alpn_protos(context.pointer, list, UInt32(list.count)) == 0
    else { throw .taken(.settingRefused) }
    // Sessions are kept here, one per name, not in a cache of OpenSSL's.
    unsafe co_ctx_set_cache_mode(
      context.pointer, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
    unsafe SSL_CTX_sess_set_new_cb(context.pointer, onNewSession)
    base = context
  }

  deinit { unsafe SSL_SESSION_free(resumable) }

  var pointer: OpaquePointer? { unsafe base?.pointer }

  /// The certificate must have the name or address itself: no common name, no partial wildcard. RFC
  /// 6125.
  private static func expect(_ name: String, isAddress: Bool, of context: SSLContext)
    throws(TLSSetupError)
  {
    let expected = unsafe SSL_CTX_get0_param(context.pointer)
    unsafe X509_VERIFY_PARAM_set_hostflags(
      expected, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
    let isSet =
      isAddress
      ? unsafe X509_VERIFY_PARAM_set1_ip_asc(expected, name)
      : unsafe X509_VERIFY_PARAM_set1_host(expected, name, 0)
    guard isSet == 1 else { throw .taken(.serverNameInvalid) }
  }

  private static func isAddress(_ name: String) -> Bool {
    guard let address = unsafe a2i_IPADDRESS(name) else {
      ErrorQueue.clear()
      return false
    }
    unsafe ASN1_OCTET_STRING_free(address)
    return true
  }

  /// Prepares a session: its name, and the newest ticket when there is one.
  func prepare(_ ssl: OpaquePointer) -> Bool {
    if !sentName.isEmpty, unsafe co_set_server_name(ssl, sentName) != 1 { return false }
    guard let resumable = unsafe resumable, unsafe SSL_SESSION_is_resumable(resumable) == 1 else {
      return true
    }
    return unsafe SSL_set_session(ssl, resumable) == 1
  }

  /// Keeps the session of a TLS 1.2 handshake that has ended: OpenSSL does not report a ticket that
  /// was renewed on a resumption. RFC 5077 section 3.3.
  func keepSession(of ssl: OpaquePointer) {
    guard unsafe SSL_version(ssl) == TLS1_2_VERSION, let session = unsafe SSL_get1_session(ssl)
    else { return }
    unsafe keep(session)
  }

  fileprivate func keep(_ session: OpaquePointer) {
    unsafe SSL_SESSION_free(resumable)
    unsafe resumable = session
  }
}

/// OpenSSL has a session that can be resumed; returning 1 takes over its reference.
private let onNewSession: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = {
  ssl, session in
  guard let owner = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0),
    let session = unsafe session
  else { return 0 }
  unsafe Unmanaged<TLSClientContext>.fromOpaque(owner).takeUnretainedValue().keep(session)
  return 1
}
