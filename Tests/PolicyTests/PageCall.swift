// What a browser does with a page's cross-origin call: which preflight it sends, and what it makes
// of the answers. Fetch standard, sections 4.8 (CORS-preflight fetch) and 4.9 (CORS check).

/// An answer as a browser sees it.
struct BrowserAnswer {
  let status: Int
  let lines: [String]
  let body: String

  /// The values of the lines with that name.
  func values(_ name: String) -> [String] { TestExchange.values(name, in: lines) }

  /// Fetch section 2.2.2, "get": all values as one, or nil.
  func value(_ name: String) -> String? {
    let found = values(name)
    return found.isEmpty ? nil : found.joined(separator: ", ")
  }

  func names(where isMeant: (String) -> Bool) -> [String] {
    lines.compactMap { line in
      let name = line.prefix { $0 != ":" }.lowercased()
      return isMeant(name) ? name : nil
    }
  }

  /// Fetch section 2.2.2, "extracting header list values", for lists of tokens; nil for failure.
  func list(_ name: String) -> [String]? {
    guard let value = value(name) else { return [] }
    let items = value.split(separator: ",").map { $0.drop { $0 == " " }.trimmingEnd() }
    let isTokens = items.allSatisfy { item in
      !item.isEmpty && item.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != 44 && $0 != 34 }
    }
    return isTokens ? items : nil
  }
}

extension Substring {
  fileprivate func trimmingEnd() -> String {
    var text = self
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}

/// A script's `fetch(url, {mode: "cors", ...})`.
struct PageCall: Sendable, CustomStringConvertible {
  let origin: String
  var method = "GET"
  /// Names of fields that are not safelisted, in lower case.
  var names: [String] = []
  var isCredentialed = false

  var description: String {
    "\(origin) \(method) \(names)\(isCredentialed ? " with credentials" : "")"
  }

  private static let safelisted = ["GET", "HEAD", "POST"]

  /// Section 4.1, "main fetch": a preflight is needed when the method or a field is not safelisted.
  var needsPreflight: Bool { !Self.safelisted.contains(method) || !names.isEmpty }

  /// Section 4.8, steps 1 to 6.
  var preflightFields: [String] {
    var fields = ["Accept: */*", "Access-Control-Request-Method: \(method)", "Origin: \(origin)"]
    if !names.isEmpty {
      fields.append("Access-Control-Request-Headers: \(names.sorted().joined(separator: ","))")
    }
    return fields
  }

  var fields: [String] {
    ["Origin: \(origin)"] + names.map { "\($0): 1" } + (isCredentialed ? ["Cookie: a=1"] : [])
  }

  /// Section 4.8, steps 7 and on.
  func passes(preflight answer: BrowserAnswer) -> Bool {
    guard passes(check: answer), (200...299).contains(answer.status),
      let methods = answer.list("access-control-allow-methods"),
      let allowed = answer.list("access-control-allow-headers")
    else { return false }
    let isMethodAllowed =
      methods.contains(method) || Self.safelisted.contains(method)
      || (!isCredentialed && methods.contains("*"))
    guard isMethodAllowed else { return false }
    let lowercased = allowed.map { $0.lowercased() }
    // "If one of request's header list's names is a CORS non-wildcard request-header name and is
    // not a byte-case-insensitive match for an item in headerNames, then return a network error."
    if names.contains("authorization"), !lowercased.contains("authorization") { return false }
    if !isCredentialed, lowercased.contains("*") { return true }
    return names.allSatisfy { lowercased.contains($0) }
  }

  /// Section 4.9.
  func passes(check answer: BrowserAnswer) -> Bool {
    guard let allowed = answer.value("access-control-allow-origin") else { return false }
    if !isCredentialed, allowed == "*" { return true }
    guard origin == allowed else { return false }
    if !isCredentialed { return true }
    return answer.value("access-control-allow-credentials") == "true"
  }
}
