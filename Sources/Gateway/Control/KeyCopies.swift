// Copies of published keys in the folder of `state`, so that a restart while an issuer is away
// refuses nobody. Whoever can write there can sign: the folder is as secret as a private key.

import OpenSSL
import Policies

/// A set of keys as it came.
struct KeyCopy {
  let bytes: [UInt8]
  /// When it came, in milliseconds since 1970.
  let time: UInt64
}

/// The copies of all identities.
struct KeyCopies {
  /// Ends in a slash.
  private let folder: String
  private let hash: SHA256

  init(folder: String, library: LibraryContext) throws(CryptoError) {
    self.folder = folder.hasSuffix("/") ? folder : folder + "/"
    hash = try SHA256(library: library)
  }

  /// The copy of what was published there; nil when there is none.
  func copy(of source: PublishedKeys) throws(FileError) -> KeyCopy? {
    do throws(FileError) {
      let found = try FileBytes.readOwn(try path(of: source), max: PublishedKeys.bytesMax)
      return KeyCopy(bytes: found.bytes, time: found.time)
    } catch {
      if error.isMissingFile { return nil }
      throw error
    }
  }

  func keep(_ copy: KeyCopy, of source: PublishedKeys) throws(FileError) {
    try AtomicFile.write(copy.bytes, to: try path(of: source), mode: 0o600)
  }

  /// The URL is part of the name: keys of one place are never taken for those of another.
  private func path(of source: PublishedKeys) throws(FileError) -> String {
    let url = Array(source.url.description.utf8)
    do throws(CryptoError) {
      let digest = try hash.digest(of: url.span)
      let name = (0..<16).map { index in
        let digits = String(digest[index], radix: 16)
        return digits.count == 1 ? "0\(digits)" : digits
      }
      return "\(folder)keys-\(name.joined()).json"
    } catch { throw FileError(number: 5) }
  }
}
