// What an identity asks of a certificate besides its authority: names, subjects, fingerprints. Each
// is a small pattern language without expressions, matched whole.

import Configuration
import OpenSSL

/// A subject alternative name: a URI with `*` for one segment or a last `**` for all further ones,
/// a host name with `*.` for one or more labels, or an address.
package struct CertificateNamePattern: Sendable, Hashable, CustomStringConvertible {
  private enum Form: Hashable {
    case uri([String])
    case host(String)
    case hostsBelow(String)
    case address([UInt8])
  }

  package let description: String
  private let form: Form

  package init(parsing text: String) throws(ValueProblem) {
    guard (1...512).contains(text.utf8.count), text.utf8.allSatisfy({ 33...126 ~= $0 }) else {
      throw ValueProblem()
    }
    description = text
    if let separator = text.firstRange(of: "://") {
      let segments = Self.segments(of: text)
      guard separator.lowerBound > text.startIndex, segments.dropFirst(2).first?.isEmpty == false
      else { throw ValueProblem() }
      for (index, segment) in segments.enumerated() where segment.contains("*") {
        // A star in front of the third slash would leave open whose name it is.
        let isWhole = segment == "*" || (segment == "**" && index == segments.count - 1)
        guard isWhole, index > 2 else {
          throw ValueProblem("has a '*' that is no whole segment of the path")
        }
      }
      form = .uri(segments)
    } else if let address = Configuration.IPAddress(parsing: text) {
      form = .address(address.octets)
    } else {
      let isBelow = text.hasPrefix("*.")
      let name = (isBelow ? String(text.dropFirst(2)) : text).lowercased()
      guard name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(Self.isLabel)
      else { throw ValueProblem() }
      form = isBelow ? .hostsBelow("." + name) : .host(name)
    }
  }

  private static func segments(of text: String) -> [String] {
    text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
  }

  private static func isLabel(_ label: Substring) -> Bool {
    (1...63).contains(label.utf8.count)
      && label.utf8.allSatisfy {
        97...122 ~= $0 || 48...57 ~= $0 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
      }
  }

  package func matches(_ name: CertificateName) -> Bool {
    switch (form, name) {
    case (.uri(let pattern), .uri(let text)):
      return Self.matches(pattern, Self.segments(of: text))
    case (.host(let pattern), .dns(let host)): return host.lowercased() == pattern
    case (.hostsBelow(let suffix), .dns(let host)):
      // A wildcard certificate is no host.
      return host.utf8.count > suffix.utf8.count && !host.contains("*") && !host.hasPrefix(".")
        && host.lowercased().hasSuffix(suffix)
    case (.address(let pattern), .address(let bytes)): return pattern == bytes
    default: return false
    }
  }

  private static func matches(_ pattern: [String], _ segments: [String]) -> Bool {
    let takesRest = pattern.last == "**"
    guard takesRest ? segments.count >= pattern.count : segments.count == pattern.count else {
      return false
    }
    return zip(pattern, segments).allSatisfy { part, segment in
      part == "*" || part == "**" ? !segment.isEmpty : part == segment
    }
  }
}

/// A subject as RFC 4514 writes it, `CN=ops,O=Example`, with `*` for one whole value.
package struct SubjectPattern: Sendable, Hashable, CustomStringConvertible {
  package let description: String
  private let parts: [String]

  package init(parsing text: String) throws(ValueProblem) {
    description = text
    parts = Self.parts(of: text)
    let areWhole = parts.allSatisfy { part in
      guard let sign = part.firstIndex(of: "="), sign > part.startIndex else { return false }
      let value = part[part.index(after: sign)...]
      return !value.isEmpty && (value == "*" || !value.contains("*"))
    }
    guard areWhole, text.utf8.count <= 1024, text.utf8.allSatisfy({ 32...126 ~= $0 }) else {
      throw ValueProblem()
    }
  }

  package func matches(_ subject: String) -> Bool {
    let found = Self.parts(of: subject)
    return found.count == parts.count
      && zip(parts, found).allSatisfy { pattern, part in
        guard pattern.hasSuffix("=*") else { return pattern == part }
        let start = pattern.dropLast()
        return part.hasPrefix(start) && part.utf8.count > start.utf8.count
      }
  }

  /// The parts between commas that no backslash stands before.
  private static func parts(of name: String) -> [String] {
    var parts = [""]
    var isEscaped = false
    for character in name {
      if character == ",", !isEscaped {
        parts.append("")
      } else {
        parts[parts.count - 1].append(character)
      }
      isEscaped = character == "\\" && !isEscaped
    }
    return parts
  }
}

/// SHA-256 over a certificate, in hexadecimal digits with or without colons.
package struct CertificateFingerprint: Sendable, Hashable, CustomStringConvertible {
  package let description: String

  package init(parsing text: String) throws(ValueProblem) {
    let digits = text.lowercased().filter { $0 != ":" }
    let hasColons = text.contains(":")
    let isHex = digits.utf8.allSatisfy { 48...57 ~= $0 || 97...102 ~= $0 }
    guard digits.utf8.count == 64, isHex, text.utf8.count == (hasColons ? 95 : 64) else {
      throw ValueProblem()
    }
    description = digits
  }
}

extension Configuration.IPAddress {
  /// As a certificate has it: four bytes or sixteen.
  fileprivate var octets: [UInt8] {
    (0..<(isV4 ? 4 : 16)).reversed().map { UInt8(truncatingIfNeeded: bits >> UInt128(8 * $0)) }
  }
}

extension ValueType where Wrapped == CertificateNamePattern {
  static var certificateName: ValueType {
    .described("a name such as spiffe://example.com/device/*, *.example.com or 10.0.0.1", calls: [])
    { (text) throws(ValueProblem) in try CertificateNamePattern(parsing: text) }
  }
}

extension ValueType where Wrapped == SubjectPattern {
  static var subject: ValueType {
    .described("a subject such as \"CN=ops,O=Example\" or \"CN=*,O=Example\"", calls: []) {
      (text) throws(ValueProblem) in try SubjectPattern(parsing: text)
    }
  }
}

extension ValueType where Wrapped == CertificateFingerprint {
  static var fingerprint: ValueType {
    .described("a SHA-256 fingerprint of 64 hexadecimal digits", calls: []) {
      (text) throws(ValueProblem) in try CertificateFingerprint(parsing: text)
    }
  }
}
