// What `check --resolve` finds in the certificates, keys and authorities that a config names: the
// same reading that `run` does, with a place for each finding.

import Configuration
import Engine
import OpenSSL
import TLS

struct CertificateCheck {
  private let resolution: ProcessResolution
  private let library: LibraryContext
  /// Seconds since 1970.
  private let now: Int

  /// - Parameter day: nil means now; a day means its end, as it is the last good one.
  init(resolution: ProcessResolution, day: CalendarDate?) throws(CommandFailure) {
    self.resolution = resolution
    now = day.map { $0.secondsAtEnd } ?? Int(WallClock.milliseconds() / 1000)
    do throws(CryptoError) {
      library = try LibraryContext()
    } catch { throw CommandFailure(.internalError, error.text) }
  }

  func findings(in configuration: EffectiveConfiguration) -> [Diagnostic] {
    configuration.certificates.flatMap { finding(of: $0, in: configuration) }
      + configuration.listeners.flatMap { listener in
        authorities(listener.tls?.clientAuthorityPath, at: listener.location)
      }
      + configuration.upstreams.flatMap { upstream in
        authorities(upstream.tls?.authorityPath, at: upstream.location)
      }
  }

  private func finding(
    of certificate: CertificateSettings, in configuration: EffectiveConfiguration
  ) -> [Diagnostic] {
    let place = { (property: String) in
      configuration.location(ofCertificate: certificate.name, property: property)
    }
    guard let chain = resolution.contents(ofFile: certificate.chainPath) else {
      return unreadable(certificate.chainPath, at: place("cert"))
    }
    guard let key = bytes(of: certificate.key) else {
      return unreadable(certificate.key.source.description, at: place("key"))
    }
    let pair: CertificatePair
    do throws(CertificateError) {
      pair = try CertificatePair(chainPEM: chain.span, keyPEM: key.span, library: library)
    } catch {
      return [
        Diagnostic(
          .unresolved, "certificate '\(certificate.name)' cannot be used: \(error.text)",
          at: place("cert"))
      ]
    }
    return pair.warnings(at: now).map { warning in
      Diagnostic(
        .doubtfulCertificate, "certificate '\(certificate.name)' \(Self.phrase(warning))",
        at: place("cert"))
    }
  }

  private func bytes(of secret: Secret) -> [UInt8]? {
    if case .file(let path) = secret.source { return resolution.contents(ofFile: path) }
    // The loader has resolved the others, or said that it could not.
    var bytes: [UInt8] = []
    secret.reveal { span in
      for index in span.indices { bytes.append(span[index]) }
    }
    return bytes
  }

  private static func phrase(_ warning: CertificatePair.Warning) -> String {
    switch warning {
    case .expired: "has expired"
    case .notYetValid: "is not valid yet"
    case .noNames: "speaks for no name"
    }
  }

  private func authorities(_ path: String?, at place: SourceLocation) -> [Diagnostic] {
    guard let path else { return [] }
    guard let text = resolution.contents(ofFile: path) else { return unreadable(path, at: place) }
    do throws(TLSSetupError) {
      _ = try AuthorityBundle(pem: text, library: library)
      return []
    } catch {
      return [
        Diagnostic(.unresolved, "'\(path)' holds no authorities: \(error.text)", at: place)
      ]
    }
  }

  private func unreadable(_ path: String, at place: SourceLocation) -> [Diagnostic] {
    [Diagnostic(.unresolved, "'\(path)' cannot be read", at: place)]
  }
}

extension CalendarDate {
  /// The last second of the day in UTC, since 1970. Days before 1970 count as its first one.
  fileprivate var secondsAtEnd: Int { max(0, dayNumber) * 86_400 + 86_399 }
}
