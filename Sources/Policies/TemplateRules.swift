// What a template for a path or a URL may hold, checked when the config is read: a template that
// could make a bad target is an error at its line and never a surprise at night.

import Bytes
import Configuration

enum TemplateRules {
  /// What is wrong with a template for a path; nil when nothing is.
  static func problem(inPath template: Template) -> String? {
    guard startsWithSlash(template) else { return "must begin with '/' or {path}" }
    return problem(in: template)
  }

  /// What is wrong with a template for a URL or a path; nil when nothing is.
  static func problem(inURL template: Template) -> String? {
    if case .literal(let text)? = template.parts.first,
      text.hasPrefix("https://") || text.hasPrefix("http://")
    {
      if let problem = problem(inAuthorityOf: template) { return problem }
    } else if !startsWithSlash(template) {
      return "must begin with https://, http://, '/' or {path}"
    }
    return problem(in: template)
  }

  private static func startsWithSlash(_ template: Template) -> Bool {
    switch template.parts.first {
    // Two slashes would name a host.
    case .literal(let text)?: text.hasPrefix("/") && !text.hasPrefix("//")
    case .attribute(let attribute)?: attribute == .path
    case nil: false
    }
  }

  private static func problem(in template: Template) -> String? {
    for part in template.parts {
      switch part {
      case .literal(let text):
        let isVisible = text.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != 0x22 && $0 != 0x5C }
        if !isVisible { return "must be visible ASCII without blanks, quotes and backslashes" }
      case .attribute(.listener): return "cannot hold {listener}"
      case .attribute: break
      }
    }
    return nil
  }

  /// Of attributes only `{host}` may stand in the host, since only it is one.
  private static func problem(inAuthorityOf template: Template) -> String? {
    var place = TemplatePlace.start(of: template)
    var isFirst = true
    for part in template.parts where place == .authority {
      switch part {
      case .literal(let text):
        if !isFirst { place = place.after(text) }
        isFirst = false
      case .attribute(let attribute):
        if attribute == .path { return nil }
        guard attribute == .host else { return "cannot take its host from {\(attribute)}" }
      }
    }
    return nil
  }
}
