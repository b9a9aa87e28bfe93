// Absolute http and https URLs as settings hold them. RFC 3986; no user part, which would be a
// literal secret.

/// An absolute URL with a host and perhaps a port, path and query.
package struct WebURL: Sendable, Hashable, CustomStringConvertible {
  package let scheme: String
  package let host: String
  /// The port, said or the scheme's own.
  package let port: UInt16
  /// Path and query, at least `/`.
  package let target: String
  package let description: String

  package init(parsing text: String) throws(ValueProblem) {
    guard let separator = text.range(of: "://") else { throw ValueProblem() }
    scheme = String(text[..<separator.lowerBound])
    guard scheme == "http" || scheme == "https" else {
      throw ValueProblem("takes http:// or https://")
    }
    let rest = text[separator.upperBound...]
    let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
    let authority = rest[..<end]
    guard !authority.contains("@") else { throw ValueProblem("must not carry a user or password") }
    guard !rest.contains("#") else { throw ValueProblem("must not have a fragment") }
    (host, port) = try WebURL.authority(String(authority), scheme: scheme)
    let tail = String(rest[end...])
    guard tail.utf8.allSatisfy({ 33...126 ~= $0 }) else { throw ValueProblem() }
    target = tail.hasPrefix("/") ? tail : "/" + tail
    description = text
  }

  static func authority(
    _ text: String, scheme: String
  ) throws(ValueProblem) -> (host: String, port: UInt16) {
    let own: UInt16 = scheme == "https" ? 443 : 80
    let afterBracket = text.lastIndex(of: "]").map { text[$0...] } ?? text[...]
    let withPort = afterBracket.contains(":") ? text : "\(text):\(own)"
    let (host, port) = try Endpoint.split(withPort)
    guard IPAddress(parsing: host) != nil || Endpoint.isHostName(host) else { throw ValueProblem() }
    return (host.lowercased(), port)
  }
}

extension String {
  /// The first place of `needle`, without Foundation.
  func range(of needle: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
      start = index(after: start)
    }
    return nil
  }
}
