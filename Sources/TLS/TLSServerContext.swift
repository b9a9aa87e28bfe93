// The server side's settings in OpenSSL's form: one per worker, listener and certificate
// generation. A reload makes new ones; sessions keep the one that they started with.

import COpenSSL
import OpenSSL

/// What a worker's server sessions share. Not `Sendable`.
@safe package final class TLSServerContext {
  let library: LibraryContext
  let ticketKeys: TicketKeys
  let unknownName: TLSServerSettings.UnknownName
  /// ALPN's list in wire form.
  let protocolList: UnsafeMutableBufferPointer<UInt8>
  /// Places are those of `variants`.
  private(set) var names = ServerNames()
  /// One SSL_CTX for each set of certificates that some name selects. The first is the default.
  private(set) var variants: [SSLContext] = []
  private let trust: TrustStore?

  /// Throws when a setting or certificate cannot be used, or two certificates of one kind share a
  /// name.
  package init(
    settings: TLSServerSettings, certificates: [ServedCertificate], ticketKeys: TicketKeys,
    library: LibraryContext
  ) throws(TLSSetupError) {
    self.library = library
    self.ticketKeys = ticketKeys
    unknownName = settings.unknownName
    switch settings.clientCertificates {
    case .none: trust = nil
    case .optional(let bundle), .required(let bundle):
      trust = try TrustStore(bundle, library: library)
    }
    let list = ApplicationProtocol.wireList(settings.protocols)
    unsafe protocolList = .allocate(capacity: list.count)
    _ = unsafe protocolList.initialize(from: list)
    guard let first = certificates.first else { throw TLSSetupError(.noCertificate) }
    let identity = try Self.sessionIdentity(settings, library)
    for set in try Self.sets(of: certificates, names: &names, default: first) {
      variants.append(try variant(settings, set.map { certificates[$0].pair }, identity))
    }
  }

  deinit { unsafe protocolList.deallocate() }

  /// Whether a client that asked for the certificate of `asked` was shown that of `host` too. No
  /// name, and one that no certificate has, stand for the default certificate.
  package func serves(_ host: String, toClientOf asked: String?) -> Bool {
    place(of: host) == place(of: asked)
  }

  /// Whether it depends on the name which certificate a client is shown.
  package var hasSeveralCertificates: Bool { variants.count > 1 }

  private func place(of name: String?) -> Int { name.flatMap { names.place(for: $0) } ?? 0 }

  /// The SSL_CTX that new sessions start with.
  var pointer: OpaquePointer { unsafe variants[0].pointer }

  /// Groups certificates by the names that select them, so that an RSA and an ECDSA certificate of
  /// one name meet in one SSL_CTX, where OpenSSL chooses by the client's signature algorithms. The
  /// default certificate's set is the first.
  private static func sets(
    of certificates: [ServedCertificate], names: inout ServerNames, default first: ServedCertificate
  ) throws(TLSSetupError) -> [[Int]] {
    var patterns: [String] = []
    var setOfName: [String: [Int]] = [:]
    for (index, certificate) in certificates.enumerated() {
      for name in certificate.names.map(ServerNames.canonical) {
        let others = setOfName[name, default: []]
        guard !others.contains(where: { certificates[$0].pair.kind == certificate.pair.kind })
        else {
          throw TLSSetupError(.duplicateCertificate)
        }
        if others.isEmpty { patterns.append(name) }
        setOfName[name] = others + [index]
      }
    }
    let defaultSet = first.names.first.flatMap { setOfName[ServerNames.canonical($0)] } ?? [0]
    var sets = [defaultSet]
    var placeOfSet = [defaultSet: 0]
    for pattern in patterns {
      let set = setOfName[pattern] ?? []
      let place = placeOfSet[set] ?? sets.count
      if place == sets.count {
        sets.append(set)
        placeOfSet[set] = place
      }
      _ = names.insert(pattern, place: place)
    }
    return sets
  }

  /// Bytes that differ between listeners and between sets of client authorities, so that no session
  /// made under one is resumed under another.
  private static func sessionIdentity(_ settings: TLSServerSettings, _ library: LibraryContext)
    throws(TLSSetupError) -> Digest256
  {
    var text = Array(settings.listener.utf8) + [0]
    switch settings.clientCertificates {
    case .none: text.append(0)
    case .optional(let bundle): text += [1] + bundle.pem
    case .required(let bundle): text += [2] + bundle.pem
    }
    do {
      let digests = try SHA256(library: library)
      return try digests.digest(of: text.span)
    } catch {
      throw TLSSetupError(.settingRefused, code: error.code)
    }
  }

  private func variant(
    _ settings: TLSServerSettings, _ pairs: [CertificatePair], _ identity: Digest256
  ) throws(TLSSetupError) -> SSLContext {
    let owner = unsafe Unmanaged.passUnretained(self).toOpaque()
    let base = unsafe try SSLContext(
      method: TLS_server_method(), minimumVersion: settings.minimumVersion, owner: owner,
      library: library)
    for pair in pairs { try base.use(pair, library: library) }
    let context = unsafe base.pointer
    unsafe co_ctx_on_server_name(context, chooseCertificate, owner)
    if unsafe !protocolList.isEmpty {
      unsafe SSL_CTX_set_alpn_select_cb(context, chooseProtocol, owner)
    }
    try setResumption(of: base, settings, identity)
    try setClientCertificates(of: base, settings)
    return base
  }

  private func setResumption(
    of base: SSLContext, _ settings: TLSServerSettings, _ identity: Digest256
  ) throws(TLSSetupError) {
    let context = unsafe base.pointer
    // Sessions live in tickets only: a cache would be one worker's, and grow.
    unsafe co_ctx_set_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
    if case .required = settings.clientCertificates {
      unsafe SSL_CTX_set_options(context, co_option_no_ticket())
      guard unsafe SSL_CTX_set_num_tickets(context, 0) == 1 else { throw .taken(.settingRefused) }
      return
    }
    unsafe SSL_CTX_set_timeout(context, TLSLimits.ticketLifetime)
    let isSet = unsafe withUnsafeBytes(of: identity) { bytes in
      let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      return unsafe SSL_CTX_set_session_id_context(context, start, UInt32(bytes.count)) == 1
    }
    guard isSet, unsafe SSL_CTX_set_num_tickets(context, 1) == 1,
      unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(context, sealOrOpenTicket) == 1
    else { throw .taken(.settingRefused) }
  }

  private func setClientCertificates(
    of base: SSLContext, _ settings: TLSServerSettings
  ) throws(TLSSetupError) {
    guard let trust else { return }
    var mode = SSL_VERIFY_PEER
    if case .required = settings.clientCertificates { mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT }
    try base.verify(
      mode, against: trust, purpose: X509_PURPOSE_SSL_CLIENT,
      chainBytesMax: TLSLimits.clientChainBytesMax)
    // The same mode, and a word on each chain that was verified.
    unsafe SSL_CTX_set_verify(base.pointer, mode, withholdTicket)
    for authority in trust.certificates {
      guard unsafe co_ctx_offer_authority(base.pointer, authority.pointer) == 1 else {
        throw .taken(.authoritiesUnreadable)
      }
    }
  }
}
