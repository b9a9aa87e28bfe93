// The protocol versions that are spoken here. Older ones are refused: RFC 8996.

import COpenSSL

package enum TLSVersion: UInt16, Sendable, Comparable {
  /// RFC 5246
  case tls12 = 0x0303
  /// RFC 8446
  case tls13 = 0x0304

  package static func < (left: TLSVersion, right: TLSVersion) -> Bool {
    left.rawValue < right.rawValue
  }

  /// The name for logs and metrics.
  package var name: StaticString { self == .tls12 ? "TLSv1.2" : "TLSv1.3" }
}
