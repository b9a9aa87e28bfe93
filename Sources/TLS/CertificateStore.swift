// The certificates of the configuration, read as verified pairs and read again when their files
// change. A pair that cannot be used never takes the place of one that can.

import OpenSSL

/// Control's view of the certificate files. It hands out immutable pairs, from which each worker
/// makes its own contexts.
package struct CertificateStore {
  /// Where one certificate and its key are.
  package struct Source: Equatable, Sendable {
    package let certificate: String
    package let key: KeySource

    package init(certificate: String, key: KeySource) {
      self.certificate = certificate
      self.key = key
    }
  }

  /// What became of a certificate whose files had changed.
  package enum Outcome: Sendable {
    case replaced(CertificatePair)
    /// The new files cannot be used; the pair before stays in use.
    case kept(because: CertificateError)
  }

  /// How a file is read: the process may have to ask a privileged one.
  package typealias Reader = (_ path: String) throws(FileError) -> [UInt8]

  private struct Entry {
    let source: Source
    var pair: CertificatePair
    /// Of the files as they were when last tried, nil where there was none.
    var stamps: [FileStamp?]
  }

  private var entries: [String: Entry] = [:]
  private let read: Reader

  /// A store that opens its files itself.
  package init() {
    self.init { path throws(FileError) in
      try FileBytes.read(path, max: TLSLimits.pairFileBytesMax)
    }
  }

  package init(reader: @escaping Reader) { read = reader }

  /// Names of the loaded certificates, sorted.
  package var names: [String] { entries.keys.sorted() }

  package func pair(named name: String) -> CertificatePair? { entries[name]?.pair }

  /// The files of a loaded certificate.
  package func source(of name: String) -> Source? { entries[name]?.source }

  /// Reads a pair for the first time, or from other files than before. Throws, and changes nothing,
  /// when it cannot be used.
  package mutating func load(_ name: String, from source: Source, library: LibraryContext)
    throws(CertificateError) -> CertificatePair
  {
    // Stamps are taken first: a file that changes while it is read looks changed afterwards, not
    // read.
    let stamps = Self.stamps(of: source)
    let pair = try readPair(source, library)
    entries[name] = Entry(source: source, pair: pair, stamps: stamps)
    return pair
  }

  /// Forgets a certificate that the configuration no longer has.
  package mutating func remove(_ name: String) { entries[name] = nil }

  /// Names whose files are no longer those that were last tried. Costs one or two `stat` calls for
  /// each certificate.
  package var changed: [String] {
    entries.filter { $0.value.stamps != Self.stamps(of: $0.value.source) }.keys.sorted()
  }

  /// Reads the changed certificates again. Empty when nothing changed; a pair that could not be
  /// used is reported once, and tried again when its files change again.
  package mutating func refresh(library: LibraryContext) -> [(name: String, outcome: Outcome)] {
    var outcomes: [(name: String, outcome: Outcome)] = []
    for name in changed {
      guard var entry = entries[name] else { continue }
      entry.stamps = Self.stamps(of: entry.source)
      do {
        entry.pair = try readPair(entry.source, library)
        outcomes.append((name, .replaced(entry.pair)))
      } catch {
        outcomes.append((name, .kept(because: error)))
      }
      entries[name] = entry
    }
    return outcomes
  }

  private func readPair(_ source: Source, _ library: LibraryContext)
    throws(CertificateError) -> CertificatePair
  {
    let chain = try bytes(source.certificate)
    let key: [UInt8] =
      switch source.key {
      case .file(let path): try bytes(path)
      case .given(let text): text.bytes
      }
    return try CertificatePair(chainPEM: chain.span, keyPEM: key.span, library: library)
  }

  private func bytes(_ path: String) throws(CertificateError) -> [UInt8] {
    do { return try read(path) } catch { throw .file(path: path, error) }
  }

  // A file that is gone has no stamp, which differs from the one it had.
  private static func stamps(of source: Source) -> [FileStamp?] {
    var paths = [source.certificate]
    if case .file(let path) = source.key { paths.append(path) }
    return paths.map { path in
      do { return try FileStamp(path: path) } catch { return nil }
    }
  }
}
