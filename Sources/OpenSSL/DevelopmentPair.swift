// One pair of development files: reading what is there, comparing its names, writing it.

import Bytes
import Glibc

enum DevelopmentPair {
  /// A file here has one certificate or key of some kilobytes.
  private static let fileBytesMax = 64 * 1024

  /// The pair in NAME.pem and NAME.key; nil when both files are missing. One without the other, or
  /// a pair that cannot be read or does not belong together, was not written here.
  static func read(
    named name: String, in folder: String, _ library: LibraryContext
  ) throws(DevelopmentCertificates.Failure) -> DevelopmentCertificates.Pair? {
    let path = "\(folder)/\(name).pem"
    let found = (text: try bytes(of: path), key: try bytes(of: "\(folder)/\(name).key"))
    if found.text == nil, found.key == nil { return nil }
    guard let text = found.text, let keyText = found.key else { throw .foreign(path: path) }
    do throws(CryptoError) {
      let certificates = try PEM.certificates(in: text.span, max: 4, library: library)
      let key = try PrivateKey.read(pem: keyText.span, library: library)
      guard certificates.count == 1, certificates[0].matches(key) else {
        throw CryptoError(.certificateUnreadable)
      }
      return DevelopmentCertificates.Pair(name: name, certificate: certificates[0], key: key)
    } catch {
      throw .foreign(path: path)
    }
  }

  private static func bytes(
    of path: String
  ) throws(DevelopmentCertificates.Failure) -> [UInt8]? {
    do throws(FileError) {
      return try FileBytes.read(path, max: fileBytesMax)
    } catch {
      if error.number == ENOENT { return nil }
      throw .file(path: path, error)
    }
  }

  /// Whether the certificate has just these names, in any order.
  static func speaks(
    _ pair: DevelopmentCertificates.Pair, for names: [CertificateBlueprint.Name]
  ) throws(DevelopmentCertificates.Failure) -> Bool {
    let found: [CertificateName]
    do throws(CryptoError) { found = try pair.certificate.names } catch { throw .crypto(error) }
    let wanted = names.compactMap(certificateName)
    return found.count == wanted.count && wanted.count == names.count
      && wanted.allSatisfy(found.contains)
  }

  private static func certificateName(_ name: CertificateBlueprint.Name) -> CertificateName? {
    switch name {
    case .dns(let text): return .dns(text)
    case .uri(let text): return .uri(text)
    case .address(let text):
      guard let address = IPAddress(text) else { return nil }
      let words = address.isV4 ? [address.low << 32] : [address.high, address.low]
      let bytes = words.flatMap { word in
        stride(from: UInt64(56), through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
      }
      return .address(Array(bytes.prefix(address.isV4 ? 4 : 16)))
    }
  }

  /// The key before the certificate: whoever finds the certificate finds its key.
  static func write(
    _ pair: DevelopmentCertificates.Pair, in folder: String
  ) throws(DevelopmentCertificates.Failure) {
    let key: [UInt8]
    let certificate: [UInt8]
    do throws(CryptoError) {
      key = try pair.key.pem()
      certificate = try pair.certificate.pem()
    } catch { throw .crypto(error) }
    try put(key, "\(folder)/\(pair.name).key", 0o600)
    try put(certificate, "\(folder)/\(pair.name).pem", 0o644)
  }

  private static func put(
    _ bytes: [UInt8], _ path: String, _ mode: mode_t
  ) throws(DevelopmentCertificates.Failure) {
    do throws(FileError) {
      try AtomicFile.write(bytes, to: path, mode: mode)
    } catch { throw .file(path: path, error) }
  }
}
