// Keys that an issuer publishes at a URL: where they are, and how they are asked for.

import Configuration

/// Where keys are published.
package struct PublishedKeys: Sendable, Hashable {
  /// Bytes of an answer: the largest set that is read.
  package static let bytesMax = 1 << 20
  /// Milliseconds for a whole fetch.
  package static let timeout: UInt64 = 5_000

  package let url: WebURL
  /// Who vouches for the server; nil takes the system's authorities.
  package let authorityPath: String?
  /// Milliseconds after which the keys are fetched again when nobody asks for one.
  package let refresh: UInt64

  package init(url: WebURL, authorityPath: String?, refresh: UInt64) {
    self.url = url
    self.authorityPath = authorityPath
    self.refresh = refresh
  }

  package var isSecure: Bool { url.scheme == "https" }
}

extension WebURL {
  /// The host as a field takes it: an IPv6 address in brackets, the port where it is not the
  /// scheme's own. RFC 9110 section 7.2.
  package var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == (scheme == "https" ? 443 : 80) ? name : "\(name):\(port)"
  }

  /// Whether what is sent there stays on this machine.
  package var isLoopback: Bool {
    host == "localhost" || IPAddress(parsing: host)?.isLoopback ?? false
  }
}
