// Certificates, keys and authorities that a config names, read from their files: what TLS of
// listeners and upstreams is made of. A file that cannot be used fails the whole config, never one
// listener (CVE-2026-27586).

import Bytes
import Configuration
import OpenSSL
import Policies
import TLS
import Upstreams

/// What was read, by the names of listeners and upstreams.
struct SecurityMaterial: Sendable {
  var listeners: [String: ListenerSecurity] = [:]
  var upstreams: [String: UpstreamSecurity] = [:]
  /// Authorities that vouch for stores, by their names.
  var stores: [String: AuthorityBundle] = [:]
  /// Authorities that vouch for who publishes an identity's keys, by its name.
  var identities: [String: AuthorityBundle] = [:]
}

/// Reads the files of a config's certificates and authorities, and again when they change.
struct SecurityReader {
  /// What cannot be used, in a sentence for the operator.
  struct Refusal: Error {
    let text: String
    let isUnreadable: Bool
  }

  private let library: LibraryContext
  private var store = CertificateStore()
  /// Paths of the config are relative to its folder.
  private let folder: String

  init(folder: String, library: LibraryContext) {
    self.folder = folder
    self.library = library
  }

  /// Certificates by name, with the time at which they end, in seconds since 1970.
  var expirations: [(name: String, notAfter: Int)] {
    store.names.compactMap { name in store.pair(named: name).map { (name, $0.notAfter) } }
  }

  /// Reads everything that the config names.
  mutating func read(
    _ configuration: EffectiveConfiguration
  ) throws(Refusal) -> SecurityMaterial {
    var material = SecurityMaterial()
    var certificates: [String: (settings: CertificateSettings, pair: CertificatePair)] = [:]
    for settings in configuration.certificates {
      certificates[settings.name] = (settings, try pair(settings))
    }
    for name in store.names where certificates[name] == nil { store.remove(name) }
    for listener in configuration.listeners {
      guard let tls = listener.tls else { continue }
      let served = tls.certificates.compactMap { certificates[$0] }.map { certificate in
        ServedCertificate(
          names: certificate.settings.names.map(\.text), pair: certificate.pair)
      }
      material.listeners[listener.name] = ListenerSecurity(
        settings: TLSServerSettings(
          listener: listener.name, minimumVersion: tls.minimum == .tls13 ? .tls13 : .tls12,
          protocols: (listener.binds.first?.protocols ?? []).compactMap(
            ApplicationProtocol.init(rawValue:)),
          unknownName: tls.unknownName == .refuse ? .refuse : .serveDefault,
          clientCertificates: try clientCertificates(tls)), certificates: served)
    }
    for upstream in configuration.upstreams {
      guard let tls = upstream.tls else { continue }
      material.upstreams[upstream.name] = UpstreamSecurity(
        serverName: tls.serverName, authorities: try authorities(tls),
        certificate: tls.certificate.flatMap { certificates[$0]?.pair })
    }
    for store in configuration.stores where store.url?.isSecure == true {
      material.stores[store.name] = try authorities(at: store.authorityPath)
    }
    for identity in configuration.identities {
      guard let source = IdentityKind.of(identity).published(identity.settings), source.isSecure
      else { continue }
      material.identities[identity.name] = try authorities(at: source.authorityPath)
    }
    return material
  }

  /// Whether a certificate's files are no longer those that were read.
  var hasChanges: Bool { !store.changed.isEmpty }

  /// Reads changed certificates again. A pair that cannot be used is reported and does not take the
  /// place of the old one.
  mutating func refresh() -> [(name: String, refusal: String?)] {
    store.refresh(library: library).map { name, outcome in
      switch outcome {
      case .replaced: (name, nil)
      case .kept(let error): (name, error.text)
      }
    }
  }

  private mutating func pair(_ settings: CertificateSettings) throws(Refusal) -> CertificatePair {
    let source = CertificateStore.Source(
      certificate: resolved(settings.chainPath), key: try keySource(settings))
    do throws(CertificateError) {
      if let pair = store.pair(named: settings.name), store.source(of: settings.name) == source {
        return pair
      }
      return try store.load(settings.name, from: source, library: library)
    } catch {
      var isUnreadable = false
      if case .file = error { isUnreadable = true }
      throw Refusal(
        text: "certificate \(settings.name) cannot be used: \(error.text)",
        isUnreadable: isUnreadable)
    }
  }

  private func keySource(_ settings: CertificateSettings) throws(Refusal) -> KeySource {
    if case .file(let path) = settings.key.source { return .file(resolved(path)) }
    // The config's loader has resolved these, or refused the config.
    guard let text = settings.key.reveal({ $0.array }) else {
      throw Refusal(
        text: "certificate \(settings.name): its key, \(settings.key), cannot be read",
        isUnreadable: true)
    }
    return .given(KeyText(text))
  }

  private func clientCertificates(
    _ tls: ListenerTLSSettings
  ) throws(Refusal) -> TLSServerSettings.ClientCertificates {
    guard let path = tls.clientAuthorityPath else { return .none }
    let bundle = try self.bundle(path)
    return switch tls.clientCertificate {
    case .never: .none
    case .optional: .optional(bundle)
    case .required: .required(bundle)
    }
  }

  private func authorities(_ tls: UpstreamTLSSettings) throws(Refusal) -> AuthorityBundle? {
    guard tls.verifies else { return nil }
    return try authorities(at: tls.authorityPath)
  }

  /// Those of a file, or the system's.
  private func authorities(at path: String?) throws(Refusal) -> AuthorityBundle {
    if let path { return try bundle(path) }
    do throws(TLSSetupError) {
      return try .system(library: library)
    } catch {
      throw Refusal(
        text: "the system's certificate authorities cannot be read: \(error.text)",
        isUnreadable: true)
    }
  }

  private func bundle(_ path: String) throws(Refusal) -> AuthorityBundle {
    do throws(TLSSetupError) {
      return try AuthorityBundle(path: resolved(path), library: library)
    } catch {
      throw Refusal(
        text: "\(resolved(path)): the authorities cannot be read: \(error.text)",
        isUnreadable: true)
    }
  }

  private func resolved(_ path: String) -> String { path.hasPrefix("/") ? path : folder + path }
}
