// Where in a URL a piece of a template stands, and what may stand there as it is. RFC 3986.

import Bytes
import Configuration

enum TemplatePlace {
  case authority, path, query
  /// Text that comes from a canonical path: its encodings are valid and stay.
  case pathFromPath, queryFromPath
  /// Text that comes from a query: its encodings are valid and stay.
  case pathFromQuery, queryFromQuery

  /// A template that begins with a scheme begins with an authority, any other with a path.
  static func start(of template: Template) -> TemplatePlace {
    guard case .literal(let text)? = template.parts.first, let end = schemeEnd(text) else {
      return .path
    }
    return TemplatePlace.authority.afterAuthority(text[end...])
  }

  private static func schemeEnd(_ text: String) -> String.Index? {
    for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
      return text.index(text.startIndex, offsetBy: scheme.count)
    }
    return nil
  }

  /// The place behind a literal at this place.
  func after(_ literal: String) -> TemplatePlace {
    if self == .query || literal.contains("?") || literal.contains("#") { return .query }
    if self == .authority, let end = Self.schemeEnd(literal) {
      return afterAuthority(literal[end...])
    }
    return self == .authority ? afterAuthority(literal[...]) : self
  }

  private func afterAuthority(_ text: Substring) -> TemplatePlace {
    if text.contains("?") || text.contains("#") { return .query }
    return text.contains("/") ? .path : .authority
  }

  var forPathText: TemplatePlace {
    switch self {
    case .path: .pathFromPath
    case .query: .queryFromPath
    default: self
    }
  }

  var forQueryText: TemplatePlace {
    switch self {
    case .path: .pathFromQuery
    case .query: .queryFromQuery
    default: self
    }
  }

  /// Whether the byte stands for itself here.
  func keeps(_ byte: UInt8) -> Bool {
    switch self {
    // A canonical path is a path as it is.
    case .pathFromPath: true
    // `/`, `:` and `@` are harmless in a query; `&`, `=`, `+` and `#` are not.
    case .queryFromPath:
      ByteSet.unreserved.contains(byte) || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "/")
        || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "@")
    case .pathFromQuery: ByteSet.unreserved.contains(byte) || byte == UInt8(ascii: "%")
    case .queryFromQuery:
      ByteSet.unreserved.contains(byte) || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "+")
    case .authority, .path, .query: ByteSet.unreserved.contains(byte)
    }
  }
}

extension Output {
  /// Appends the text with everything percent-encoded that has a meaning at its place.
  mutating func append(_ text: Span<UInt8>, encodedIn place: TemplatePlace) {
    for index in 0..<text.count {
      let byte = text[index]
      if place.keeps(byte) {
        append(byte)
      } else if place == .pathFromQuery && byte == UInt8(ascii: "+") {
        // What forms write as a plus is a blank; in a path it would be a plus.
        append("%20")
      } else {
        append(UInt8(ascii: "%"))
        append(Self.digit(byte >> 4))
        append(Self.digit(byte & 15))
      }
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }
}
