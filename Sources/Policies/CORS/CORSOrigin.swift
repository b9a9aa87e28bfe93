// What `cors origins=` lists: exact origins, subdomains by an anchored pattern, `null`, `*`. Kept
// in the spelling in which browsers serialise origins: comparing bytes is comparing origins.

import Configuration

/// An origin, or a set of origins, that may read answers. RFC 6454 section 6.2, Fetch section 3.2.
package enum CORSOrigin: Sendable, Hashable, CustomStringConvertible {
  /// `*`: every page, without credentials.
  case any
  /// `null`: sandboxed frames, local files, and redirects across origins. Anyone can be it.
  case opaque
  case exact(String)
  /// `https://*.example.com:8443`: one or more labels in front of the suffix.
  case subdomains(prefix: String, suffix: String)

  /// Reads the spelling that browsers send: lower case, no path, no default port.
  package init(parsing text: String) throws(ValueProblem) {
    switch text {
    case "*":
      self = .any
      return
    case "null":
      self = .opaque
      return
    default: break
    }
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else {
      throw ValueProblem(hint: text.contains(".") ? "write https://\(text)" : nil)
    }
    let scheme = text[..<colon]
    guard scheme == "http" || scheme == "https" else {
      self = .exact(try Self.application(text, scheme: scheme))
      return
    }
    let origin = try Self.web(text)
    let suffix = (origin.isWildcard ? "." : "") + origin.serialisedHost + origin.serialisedPort
    let start = "\(scheme)://"
    let written = start + (origin.isWildcard ? "*" : "") + suffix
    guard written == text else {
      throw ValueProblem("must be as browsers write it", hint: "write \(written)")
    }
    self = origin.isWildcard ? .subdomains(prefix: start, suffix: suffix) : .exact(text)
  }

  private static func web(_ text: String) throws(ValueProblem) -> Origin {
    let stars = text.utf8.count { $0 == UInt8(ascii: "*") }
    let isAnchored = stars == 0 || (stars == 1 && text.contains("://*."))
    guard isAnchored else {
      throw ValueProblem(
        "must have its '*' as the whole first label",
        hint: "https://*.example.com is every host below example.com")
    }
    let origin = try Origin(parsing: text)
    guard origin.isWildcard else { return origin }
    guard !origin.isAddress else { throw ValueProblem("must name hosts, not addresses") }
    guard origin.host.contains(".") else {
      throw ValueProblem("must have two labels or more behind its '*.'")
    }
    return origin
  }

  /// Origins of packaged applications, such as `capacitor://localhost`: their schemes have no
  /// ports that could be left out, so that the text is all there is to say.
  private static func application(
    _ text: String, scheme: Substring
  ) throws(ValueProblem) -> String {
    let isScheme =
      scheme.utf8.first.map { 97...122 ~= $0 } == true
      && scheme.utf8.allSatisfy {
        97...122 ~= $0 || 48...57 ~= $0 || $0 == 43 || $0 == 45 || $0 == 46
      }
    let host = text.dropFirst(scheme.count + 3)
    let isHost =
      (1...253).contains(host.utf8.count)
      && host.utf8.allSatisfy {
        97...122 ~= $0 || 48...57 ~= $0 || $0 == 45 || $0 == 46 || $0 == 95
      }
    guard isScheme, isHost else { throw ValueProblem() }
    return text
  }

  package var description: String {
    switch self {
    case .any: "*"
    case .opaque: "null"
    case .exact(let text): text
    case .subdomains(let prefix, let suffix): "\(prefix)*\(suffix)"
    }
  }
}

extension Origin {
  fileprivate var isAddress: Bool { IPAddress(parsing: host) != nil }

  /// The host as it stands in a URL: an IPv6 address in its shortest form and in brackets.
  fileprivate var serialisedHost: String {
    guard let address = IPAddress(parsing: host) else { return host }
    return address.isV4 ? address.description : "[\(address)]"
  }

  fileprivate var serialisedPort: String {
    port == (scheme == "https" ? 443 : 80) ? "" : ":\(port)"
  }
}

extension ValueType where Wrapped == CORSOrigin {
  /// No `env()` stands for it: whom answers are shown to is proved without an environment.
  static var corsOrigin: ValueType {
    .described(
      "an origin such as https://app.example.com, https://*.example.com, null or *",
      words: ["null", "*"], calls: []
    ) { (text) throws(ValueProblem) in try CORSOrigin(parsing: text) }
  }
}

extension ValueType where Wrapped == String {
  /// A method's token, or `*`. Methods are case-sensitive, and browsers write none but the six that
  /// Fetch normalises in another case than the page did.
  static var corsMethod: ValueType {
    ValueType(
      "a method such as GET, or *", words: ["*"], calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        if text == "*" { return text }
        do throws(PatternError) { return try MethodPattern(parsing: text).name } catch {
          throw ValueProblem(hint: error.message)
        }
      })
  }
}
