// Origins of the config language: `https://app.example.com`, `https://*.example.com`. RFC 6454.

/// A web origin, or all origins whose host ends with given labels.
package struct Origin: Sendable, Hashable, CustomStringConvertible {
  package let scheme: String
  /// The host, without `*.` when it is a wildcard.
  package let host: String
  package let port: UInt16
  /// Whether one or more labels stand before `host`.
  package let isWildcard: Bool
  package let description: String

  package init(parsing text: String) throws(ValueProblem) {
    guard let separator = text.range(of: "://") else { throw ValueProblem() }
    scheme = String(text[..<separator.lowerBound])
    guard scheme == "http" || scheme == "https" else {
      throw ValueProblem("takes http:// or https://")
    }
    var rest = String(text[separator.upperBound...])
    guard !rest.contains("/") else { throw ValueProblem("must not have a path") }
    isWildcard = rest.hasPrefix("*.")
    if isWildcard { rest.removeFirst(2) }
    (host, port) = try WebURL.authority(rest, scheme: scheme)
    description = text
  }

  /// Whether an origin, taken apart, is meant. The host is compared in lower case, and a wildcard
  /// is anchored at a dot.
  package func matches(scheme: String, host: String, port: UInt16) -> Bool {
    guard scheme == self.scheme, port == self.port else { return false }
    return isWildcard ? host.hasSuffix("." + self.host) : host == self.host
  }
}
