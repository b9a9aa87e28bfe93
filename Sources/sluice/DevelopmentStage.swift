// What `run --dev` puts around the gateway: certificates that are missing, and echo upstreams where
// nobody answers. Nothing that is there is touched.

import Bytes
import Configuration
import Engine
import Gateway
import OpenSSL
import Telemetry

/// Certificates and upstreams for a try on one's own machine.
final class DevelopmentStage {
  /// Names of the files that `DevelopmentCertificates` makes for servers.
  private static let fileNames = ["edge", "edge-rsa"]

  private let folder: String
  /// The loop of the echo upstreams; nil when none was needed.
  private var loop: EventLoop?
  private var descriptors: [(Int32, SocketAddress)] = []

  /// Makes what the config needs and is missing. A config that is not valid gets nothing: `run`
  /// says what is wrong with it.
  init(for config: ConfigurationOption) throws {
    // Before any thread is started.
    Signal.prepareProcess()
    folder = FilePath.folder(of: config.path)
    guard let configuration = try config.load().configuration else { return }
    try makeCertificates(for: configuration)
    try answer(for: configuration)
  }

  /// Ends the upstreams, once the gateway has ended.
  func end() {
    loop?.stop()
    for (descriptor, address) in descriptors {
      Descriptor.close(descriptor, listeningOn: address)
    }
  }

  // MARK: Certificates

  private func makeCertificates(for configuration: EffectiveConfiguration) throws {
    var names: [String: [CertificateBlueprint.Name]] = [:]
    for certificate in configuration.certificates {
      guard let place = developmentFolder(of: certificate) else { continue }
      names[place, default: [.dns("localhost"), .address("127.0.0.1"), .address("::1")]] +=
        certificate.names.map(\.text).filter { $0 != "localhost" }.map { .dns($0) }
    }
    for (place, names) in names.sorted(by: { $0.key < $1.key }) {
      let set = DevelopmentCertificates(folder: place, names: names)
      do throws(DevelopmentCertificates.Failure) {
        let now = Int(WallClock.milliseconds() / 1000)
        let report = try set.renew(now: now, isForced: false, library: try library())
        let made = report.written.map { "\($0).pem" }.joined(separator: ", ")
        if !made.isEmpty { Console.complain("sluice: development: made \(made) in \(place)\n") }
      } catch { throw CertificatesCommand.failure(error) }
    }
  }

  /// The folder of a certificate that is missing and that `certs` would make there; else nil.
  private func developmentFolder(of certificate: CertificateSettings) -> String? {
    guard case .file(let keyPath) = certificate.key.source else { return nil }
    let (chain, key) = (
      FilePath.join(folder, certificate.chainPath), FilePath.join(folder, keyPath)
    )
    let place = FilePath.folder(of: chain)
    guard FilePath.folder(of: key) == place, !isThere(chain), !isThere(key),
      Self.fileNames.contains(where: {
        chain.hasSuffix("/\($0).pem") && key.hasSuffix("/\($0).key")
      })
    else { return nil }
    return place
  }

  private func isThere(_ path: String) -> Bool {
    do throws(FileProblem) {
      _ = try DiskFiles().read(path)
      return true
    } catch {
      // What cannot be read is missing, or `run` says why.
      return false
    }
  }

  private func library() throws(DevelopmentCertificates.Failure) -> LibraryContext {
    do throws(CryptoError) { return try LibraryContext() } catch { throw .crypto(error) }
  }

  // MARK: Upstreams

  private func answer(for configuration: EffectiveConfiguration) throws {
    for upstream in configuration.upstreams where upstream.tls == nil {
      for server in upstream.servers {
        guard let address = Self.loopback(server.endpoint) else { continue }
        do throws(SystemError) {
          descriptors.append((try ListeningDescriptor.openAlone(address), address))
          Console.complain("sluice: development: echo answers at \(address)\n")
        } catch {
          // Somebody listens there already, and answers.
          continue
        }
      }
    }
    guard !descriptors.isEmpty else { return }
    let loop = try EventLoop()
    self.loop = loop
    let host = LoopHost(on: loop)
    for (descriptor, _) in descriptors {
      loop.post {
        host.assumeIsolated { host in
          do {
            try EchoServer(on: host, listeningOn: descriptor, obeysSignals: false).begin()
          } catch {
            Console.complain("sluice: development: the echo upstream failed: \(error)\n")
          }
        }
      }
    }
    // Joined by the end of the process.
    _ = try LoopThread(named: "echo", running: loop)
  }

  /// The address of a server on this machine; nil for any other.
  private static func loopback(_ endpoint: Endpoint) -> SocketAddress? {
    switch endpoint {
    case .name("localhost", let port): .ip(Bytes.IPAddress(v4: 0x7f00_0001), port: port)
    case .name: nil
    case .address(let address, let port):
      Bytes.IPAddress(address.description).flatMap { $0.isLoopback ? .ip($0, port: port) : nil }
    case .unix(let path): .unix(path)
    }
  }
}
