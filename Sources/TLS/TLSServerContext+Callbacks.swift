// What OpenSSL asks a server context during a handshake: which certificates, which protocol, which
// ticket key. Each callback finds its context through a pointer that the session's own reference
// keeps valid.

import COpenSSL
import OpenSSL

/// SNI: takes the certificates of the name, or refuses the handshake.
let chooseCertificate:
  @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?) -> Int32 =
    {
      ssl, alert, owner in
      guard let owner = unsafe owner else { return SSL_TLSEXT_ERR_ALERT_FATAL }
      let context = unsafe Unmanaged<TLSServerContext>.fromOpaque(owner).takeUnretainedValue()
      guard let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else {
        if context.unknownName == .serveDefault { return SSL_TLSEXT_ERR_NOACK }
        unsafe alert?.pointee = SSL_AD_MISSING_EXTENSION
        return SSL_TLSEXT_ERR_ALERT_FATAL
      }
      // OpenSSL refuses names with a NUL inside and of more than 255 bytes before it asks.
      if let place = unsafe context.names.place(for: String(cString: name)) {
        let isSet = unsafe SSL_set_SSL_CTX(ssl, context.variants[place].pointer) != nil
        return isSet ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL
      }
      if context.unknownName == .serveDefault { return SSL_TLSEXT_ERR_NOACK }
      unsafe alert?.pointee = SSL_AD_UNRECOGNIZED_NAME
      return SSL_TLSEXT_ERR_ALERT_FATAL
    }

/// ALPN: the first protocol of the server's list that the client has too. RFC 7301 section 3.2.
let chooseProtocol:
  @convention(c) (
    OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
    UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
  ) -> Int32 = { _, chosen, chosenCount, offered, offeredCount, owner in
    guard let owner = unsafe owner else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    let context = unsafe Unmanaged<TLSServerContext>.fromOpaque(owner).takeUnretainedValue()
    let list = unsafe context.protocolList
    var found: UnsafeMutablePointer<UInt8>?
    // The result points into one of the two lists, which both outlive the handshake's message.
    let result = unsafe SSL_select_next_proto(
      &found, chosenCount, list.baseAddress, UInt32(list.count), offered, offeredCount)
    guard result == OPENSSL_NPN_NEGOTIATED else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    unsafe chosen?.pointee = unsafe UnsafePointer(found)
    return SSL_TLSEXT_ERR_OK
  }

/// Client certificates: a session whose chain does not fit into its ticket gets none.
let withholdTicket: @convention(c) (Int32, OpaquePointer?) -> Int32 = { verified, context in
  unsafe co_no_ticket_for_long_chain(verified, context)
}

/// Tickets: gives the key to seal a new one, or the key that a ticket names. RFC 5077 section 4.
let sealOrOpenTicket:
  @convention(c) (
    OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, OpaquePointer?,
    OpaquePointer?, Int32
  ) -> Int32 = { ssl, name, iv, cipher, mac, isSealing in
    guard let owner = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0),
      let name = unsafe name, let iv = unsafe iv
    else { return -1 }
    let context = unsafe Unmanaged<TLSServerContext>.fromOpaque(owner).takeUnretainedValue()
    let keyName = unsafe UnsafeMutableRawBufferPointer(start: name, count: 16)
    if isSealing == 1 {
      // TLS 1.2 has promised a ticket by then, and sends an empty one. RFC 5077 section 3.3.
      if unsafe SSL_version(ssl) < TLS1_3_VERSION && SSL_get_num_tickets(ssl) == 0 { return 0 }
      return unsafe context.seal(
        name: keyName, iv: UnsafeMutableRawBufferPointer(start: iv, count: 16), cipher, mac)
    }
    let result = unsafe context.open(name: UnsafeRawBufferPointer(keyName), iv: iv, cipher, mac)
    // TLS 1.3 clients use a ticket once, and OpenSSL sends a new one only when asked to renew.
    return unsafe result == 1 && SSL_version(ssl) == TLS1_3_VERSION ? 2 : result
  }

extension TLSServerContext {
  fileprivate func seal(
    name: UnsafeMutableRawBufferPointer, iv: UnsafeMutableRawBufferPointer,
    _ cipher: OpaquePointer?,
    _ mac: OpaquePointer?
  ) -> Int32 {
    do {
      var key = try ticketKeys.sealing(library: library)
      try unsafe library.fillRandom(iv)
      unsafe withUnsafeBytes(of: key.name) { unsafe name.copyMemory(from: $0) }
      return unsafe co_ticket_start(&key, library.aes256CBC, iv.baseAddress, cipher, mac, 1) == 1
        ? 1 : -1
    } catch {
      return -1
    }
  }

  // 0: unknown key, so a full handshake; 2: known but old, so a fresh ticket.
  fileprivate func open(
    name: UnsafeRawBufferPointer, iv: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer?,
    _ mac: OpaquePointer?
  ) -> Int32 {
    guard let found = unsafe ticketKeys.opening(name: name) else { return 0 }
    var key = found.key
    guard unsafe co_ticket_start(&key, library.aes256CBC, iv, cipher, mac, 0) == 1 else {
      return -1
    }
    return found.isNewest ? 1 : 2
  }
}
