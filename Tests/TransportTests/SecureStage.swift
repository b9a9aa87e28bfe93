// A server and a client of one authority, with a connection between them that a test moves by hand.

import Bytes
import Engine
import LoopBench
import OpenSSL
import TLS
import Transport

/// Certificates and contexts, made afresh: no key is kept in the repository.
final class SecureStage {
  private static let notBefore = 1_700_000_000
  private static let notAfter = 4_000_000_000

  let resources: WorkerResources
  private let server: TLSServerContext
  private let client: TLSClientContext
  private let clientScratch = TLSScratch(
    receivedBytes: 64 * 1024, outgoingBytes: Transport.cipherBytesMax)

  init(on loop: EventLoop) throws {
    resources = try WorkerResources(loop: loop)
    let library = resources.library
    let authorityKey = try PrivateKey.generate(.ecdsa, library: library)
    let authority = try CertificateBlueprint(
      commonName: "test authority", purpose: .authority, names: [], notBefore: Self.notBefore,
      notAfter: Self.notAfter
    ).issue(for: authorityKey, by: nil, library: library)
    let key = try PrivateKey.generate(.ecdsa, library: library)
    let leaf = try CertificateBlueprint(
      commonName: "leaf", purpose: .server, names: [.dns("example.com")],
      notBefore: Self.notBefore, notAfter: Self.notAfter
    ).issue(for: key, by: (authority, authorityKey), library: library)
    let (chain, keyText) = (try leaf.pem(), try key.pem())
    let pair = try CertificatePair(chainPEM: chain.span, keyPEM: keyText.span, library: library)
    server = try TLSServerContext(
      settings: TLSServerSettings(
        listener: "test", minimumVersion: .tls12, protocols: [.http1],
        unknownName: .serveDefault, clientCertificates: .none),
      certificates: [ServedCertificate(names: ["example.com"], pair: pair)],
      ticketKeys: try TicketKeys(library: library) { 1000 }, library: library)
    client = try TLSClientContext(
      settings: TLSClientSettings(
        serverName: "example.com",
        verification: .against(try AuthorityBundle(pem: try authority.pem(), library: library)),
        protocols: [.http1], certificate: nil),
      trust: nil, library: library)
  }

  /// The server's end of a connection whose client does not speak yet.
  func server(over peer: Peer) throws -> Transport {
    Transport(
      socket: peer.socket, session: try TLSSession(accepting: server, scratch: resources.tls),
      scratch: resources.tls, pending: resources.pending)
  }

  func client(over peer: Peer) throws -> Transport {
    Transport(
      socket: peer.socket, session: try TLSSession(connecting: client, scratch: clientScratch),
      scratch: clientScratch, pending: resources.pending)
  }

  /// Both ends after their handshake.
  func open(
    on bench: isolated Bench
  ) async throws -> (near: Peer, far: Peer, client: Transport, server: Transport) {
    let (near, far) = try await bench.pair()
    let (client, server) = (try client(over: near), try self.server(over: far))
    var result: Result<Void, TransportError>?
    bench.start {
      do throws(TransportError) {
        result = .success(try await server.handshake(waiter: far.waiter, until: bench.deadline))
      } catch { result = .failure(error) }
    }
    try await client.handshake(waiter: near.waiter, until: bench.deadline)
    // The client's last flight would leave with its first bytes.
    try await client.drain(waiter: near.waiter, until: bench.deadline)
    try await bench.until("the server's handshake") { result != nil }
    try result?.get()
    return (near, far, client, server)
  }
}

extension Transport {
  /// Reads exactly `count` bytes.
  func take(_ count: Int, waiter: Waiter, until deadline: Instant) async throws -> [UInt8] {
    let buffer = Buffer(capacity: count + 1)
    while buffer.count < count {
      guard try await read(into: buffer, waiter: waiter, until: deadline) > 0 else { break }
    }
    let bytes = buffer.bytes
    return bytes.array
  }
}
