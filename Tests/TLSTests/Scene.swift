// An authority with a server and clients of it: what most tests start from.

import Bytes
import OpenSSL
import TLS

final class Scene {
  /// Seconds that a test moves by hand.
  final class Clock: Sendable {
    private let time = Locked(1000)
    var now: Int { time.withLock { $0 } }
    func advance(_ seconds: Int) { time.withLock { $0 += seconds } }
  }

  let authority: TestAuthority
  let clock = Clock()
  let ticketKeys: TicketKeys
  var certificates: [ServedCertificate]

  init(_ names: [String] = ["example.com"]) throws {
    authority = try TestAuthority()
    let clock = clock
    ticketKeys = try TicketKeys(library: authority.library) { clock.now }
    certificates = try names.map { [authority] in try authority.served($0) }
  }

  /// A server context as a worker of its own would make it.
  func server(_ settings: TLSServerSettings = .plain(), isOwnWorker: Bool = false) throws
    -> TLSServerContext
  {
    try TLSServerContext(
      settings: settings, certificates: certificates, ticketKeys: ticketKeys,
      library: isOwnWorker ? try LibraryContext() : authority.library)
  }

  func client(
    _ name: String = "example.com", protocols: [ApplicationProtocol] = [],
    certificate: CertificatePair? = nil, isVerifying: Bool = true
  ) throws -> TLSClientContext {
    let verification: TLSClientSettings.Verification =
      isVerifying ? .against(try authority.bundle()) : .off
    return try TLSClientContext(
      settings: TLSClientSettings(
        serverName: name, verification: verification, protocols: protocols,
        certificate: certificate),
      trust: nil, library: authority.library)
  }

  /// Connects and shakes hands.
  func connect(
    _ client: TLSClientContext, _ server: TLSServerContext, pieceBytes: Int = 16 * 1024
  ) throws -> Wire {
    let wire = try Wire(client: client, server: server, pieceBytes: pieceBytes)
    wire.shake()
    return wire
  }
}
