// What a preflight may ask for: a method, and names of fields that a page wants to send. Fetch
// section 4.8.

import Bytes
import HTTPMessage

struct PreflightRules {
  /// Bytes of all Access-Control-Request-Headers lines. HARDENING 93: a list of a megabyte costs
  /// its reader far more than its sender.
  static let requestedBytesMax = 1024

  private let methods: [[UInt8]]
  private let takesEveryMethod: Bool
  private let names: [[UInt8]]
  private let takesEveryName: Bool

  /// - Parameters:
  ///   - methods: tokens, or `*` for every method.
  ///   - names: field names in lower case, or `*` for every name but Authorization.
  init(methods: [String], names: [String]) {
    self.methods = methods.filter { $0 != "*" }.map { Array($0.utf8) }
    takesEveryMethod = methods.contains("*")
    self.names = names.filter { $0 != "*" }.map { Array($0.utf8) }
    takesEveryName = names.contains("*")
  }

  /// HEAD is taken where GET is, as routes do.
  func allow(method: Span<UInt8>) -> Bool {
    if takesEveryMethod { return true }
    for listed in methods where method.equals(listed.span) { return true }
    return method.equals("HEAD") && methods.contains { $0.span.equals("GET") }
  }

  enum FieldVerdict {
    case allowed, refused, malformed, tooLong
  }

  /// Judges every requested name, over all lines.
  func verdict(onFieldsOf fields: FieldSection) -> FieldVerdict {
    var bytes = 0
    let entries = fields.entries
    for index in 0..<entries.count
    where entries[index].field == .accessControlRequestHeaders && !entries[index].isRemoved {
      let value = fields.value(at: index)
      bytes += value.count
      guard bytes <= Self.requestedBytesMax else { return .tooLong }
      let verdict = verdict(on: value)
      guard verdict == .allowed else { return verdict }
    }
    return .allowed
  }

  private func verdict(on list: Span<UInt8>) -> FieldVerdict {
    var start = 0
    while start <= list.count {
      let end = list.firstIndex(of: UInt8(ascii: ","), from: start)
      let name = trimmed(list.extracting(start..<end))
      if !name.isEmpty {
        guard FieldSyntax.isName(name) else { return .malformed }
        guard allow(name: name) else { return .refused }
      }
      start = end + 1
    }
    return .allowed
  }

  @_lifetime(copy text)
  private func trimmed(_ text: Span<UInt8>) -> Span<UInt8> {
    var (start, end) = (0, text.count)
    while start < end, FieldSyntax.isBlank(text[start]) { start += 1 }
    while end > start, FieldSyntax.isBlank(text[end - 1]) { end -= 1 }
    return text.extracting(start..<end)
  }

  private func allow(name: Span<UInt8>) -> Bool {
    for listed in names where name.equalsIgnoringCase(listed.span) { return true }
    // To browsers, too, a wildcard does not cover Authorization: it has to be listed.
    return takesEveryName && !name.equalsIgnoringCase("authorization")
  }
}
