// The certificates of the authorities that a side trusts, as a value that every worker can build
// its own store from.

import Glibc
import OpenSSL

/// A bundle of authorities in PEM text, proved to be readable.
package struct AuthorityBundle: Sendable, Equatable {
  let pem: [UInt8]
  /// How many certificates it holds.
  package let count: Int

  /// Where distributions keep the bundle of the public web.
  private static let systemPaths = [
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
  ]

  /// Throws when any certificate of the text cannot be read or there is none: fewer authorities
  /// than were meant is an error too.
  package init(pem: [UInt8], library: LibraryContext) throws(TLSSetupError) {
    self.pem = pem
    do {
      count = try PEM.certificates(
        in: pem.span, max: TLSLimits.bundleCountMax, library: library
      ).count
    } catch {
      throw TLSSetupError(.authoritiesUnreadable, code: error.code)
    }
  }

  /// Reads the bundle in a file.
  package init(path: String, library: LibraryContext) throws(TLSSetupError) {
    let bytes: [UInt8]
    do {
      bytes = try FileBytes.read(path, max: TLSLimits.bundleFileBytesMax)
    } catch {
      throw TLSSetupError(.authoritiesUnreadable)
    }
    try self.init(pem: bytes, library: library)
  }

  /// The operating system's bundle. Throws when there is none.
  package static func system(library: LibraryContext) throws(TLSSetupError) -> AuthorityBundle {
    for path in systemPaths where unsafe access(path, F_OK) == 0 {
      return try AuthorityBundle(path: path, library: library)
    }
    throw TLSSetupError(.authoritiesUnreadable)
  }
}
