// Where the facts of a condition come from. One that the request has several times has no value:
// nobody knows which of them the upstream would take (HARDENING 39).

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

extension ConditionProgram {
  /// Appends the fact's text to the scratch space. Nil when the request does not have it, or has it
  /// more than once.
  func load(_ source: Source, _ exchange: Exchange) -> Range<Int>? {
    let start = scratch.count
    guard append(source, exchange) else { return nil }
    return start..<scratch.count
  }

  private func append(_ source: Source, _ exchange: Exchange) -> Bool {
    let request = exchange.request
    switch source {
    case .host: scratch.append(request.text(request.host))
    case .method: scratch.append(request.text(request.methodText))
    case .path: scratch.append(request.text(request.path))
    case .pathRest:
      guard let rest = exchange.parameters.rest else { return false }
      scratch.append(request.text(rest))
    case .parameter(let slot):
      guard slot >= 0, let range = exchange.parameters[Int(slot)] else { return false }
      scratch.append(request.text(range))
    case .route:
      guard let route = exchange.route else { return false }
      scratch.append(route.name)
    case .clientIP:
      guard let address = exchange.clientAddress else { return false }
      scratch.append(address)
    case .header, .query, .cookie:
      guard count(of: source, exchange, keepsFirst: true) == 1 else { return false }
    case .subject:
      guard let subject = exchange.principal?.subject, !subject.isEmpty else { return false }
      scratch.append(subject)
    case .claim(let index):
      guard let text = exchange.principal?.claims[claims[index]]?.plainText else { return false }
      scratch.append(text)
    case .scheme: scratch.append(request.isSecure ? "https" : "http")
    case .httpVersion: scratch.append(request.version.name)
    case .tlsVersion:
      guard let security = exchange.connection?.security else { return false }
      scratch.append(security.version)
    case .tlsServerName:
      guard let security = exchange.connection?.security, !security.serverName.isEmpty
      else { return false }
      scratch.append(security.serverName)
    case .weekday:
      // 1970 began on a Thursday.
      let day = Int((exchange.wallMilliseconds / 86_400_000 + 3) % 7)
      scratch.append(Fact.weekdays[day])
    case .time, .timeOfDay, .scopes, .roles: return false
    }
    return true
  }

  /// How often the request has the fact.
  func count(of source: Source, _ exchange: Exchange) -> Int {
    scratch.clear()
    switch source {
    case .header, .query, .cookie: return count(of: source, exchange, keepsFirst: false)
    default: return append(source, exchange) ? 1 : 0
    }
  }

  /// - Parameter keepsFirst: whether the first value is appended to the scratch space.
  private func count(of source: Source, _ exchange: Exchange, keepsFirst: Bool) -> Int {
    let request = exchange.request
    let pool = pool
    switch source {
    case .header(let name):
      return countHeaders(pool.span.extracting(name.range), request.fields, keepsFirst)
    case .query(let name):
      guard let query = request.query else { return 0 }
      return countParameters(pool.span.extracting(name.range), request.text(query), keepsFirst)
    case .cookie(let name):
      return countCookies(pool.span.extracting(name.range), request.fields, keepsFirst)
    default: return 0
    }
  }

  private func countHeaders(
    _ name: Span<UInt8>, _ fields: FieldSection, _ keepsFirst: Bool
  ) -> Int {
    var count = 0
    var from = 0
    while let index = fields.first(named: name, from: from) {
      count += 1
      if count == 1, keepsFirst { scratch.append(fields.value(at: index)) }
      from = index + 1
    }
    return count
  }

  /// WHATWG URL, application/x-www-form-urlencoded: names and values are decoded. A value with a
  /// broken escape is none.
  private func countParameters(
    _ name: Span<UInt8>, _ query: Span<UInt8>, _ keepsFirst: Bool
  ) -> Int {
    var count = 0
    var start = 0
    while start < query.count {
      let end = query.firstIndex(of: UInt8(ascii: "&"), from: start)
      let pair = query.extracting(start..<end)
      start = end + 1
      let equals = pair.firstIndex(of: UInt8(ascii: "="), from: 0)
      guard isName(pair.extracting(0..<equals), name) else { continue }
      count += 1
      let value = pair.extracting(min(equals + 1, pair.count)..<pair.count)
      if count == 1, keepsFirst, !appendDecoded(value) { return 0 }
    }
    return count
  }

  private func isName(_ encoded: Span<UInt8>, _ name: Span<UInt8>) -> Bool {
    let start = scratch.count
    defer { scratch.truncate(to: start) }
    guard encoded.count <= name.count * 3, appendDecoded(encoded) else { return false }
    return Self.isEqual(scratch, start..<scratch.count, name)
  }

  private static func isEqual(
    _ text: borrowing Output, _ range: Range<Int>, _ name: Span<UInt8>
  ) -> Bool {
    text.bytes.extracting(range).equals(name)
  }

  private func appendDecoded(_ text: Span<UInt8>) -> Bool {
    var index = 0
    while index < text.count {
      let byte = text[index]
      index += 1
      if byte == UInt8(ascii: "+") {
        scratch.append(ASCII.space)
      } else if byte != UInt8(ascii: "%") {
        scratch.append(byte)
      } else {
        guard index + 1 < text.count, let high = ASCII.hexValue(text[index]),
          let low = ASCII.hexValue(text[index + 1])
        else { return false }
        scratch.append(high << 4 | low)
        index += 2
      }
    }
    return true
  }

  /// RFC 6265 section 4.2.1, over all lines.
  private func countCookies(
    _ name: Span<UInt8>, _ fields: FieldSection, _ keepsFirst: Bool
  ) -> Int {
    guard fields.present.contains(.cookie) else { return 0 }
    var count = 0
    let entries = fields.entries
    for index in 0..<entries.count
    where entries[index].field == .cookie && !entries[index].isRemoved {
      let line = fields.value(at: index)
      var start = 0
      while start < line.count {
        let end = line.firstIndex(of: UInt8(ascii: ";"), from: start)
        while start < end, FieldSyntax.isBlank(line[start]) { start += 1 }
        var last = end
        while last > start, FieldSyntax.isBlank(line[last - 1]) { last -= 1 }
        let pair = line.extracting(start..<last)
        start = end + 1
        guard pair.count > name.count, pair[name.count] == UInt8(ascii: "="),
          pair.extracting(0..<name.count).equals(name)
        else { continue }
        count += 1
        if count == 1, keepsFirst {
          scratch.append(pair.extracting(name.count + 1..<pair.count))
        }
      }
    }
    return count
  }
}

// MARK: What identities say

extension ConditionProgram {
  /// Whether the fact is a list of the caller's.
  func hasItems(_ source: Source, _ exchange: Exchange) -> Bool {
    switch source {
    case .scopes, .roles: return true
    case .claim(let index):
      guard case .list? = exchange.principal?.claims[claims[index]] else { return false }
      return true
    default: return false
    }
  }

  /// Whether the list has an item; one of nobody has none.
  func has(_ sought: Span<UInt8>, in source: Source, _ exchange: Exchange) -> Bool {
    guard let principal = exchange.principal else { return false }
    switch source {
    case .scopes: return Self.has(sought, in: principal.scopes)
    case .roles: return Self.has(sought, in: principal.roles)
    case .claim(let index):
      guard case .list(let items)? = principal.claims[claims[index]] else { return false }
      for item in items {
        if let text = item.plainText, sought.equals(text.utf8Span.span) { return true }
      }
      return false
    default: return false
    }
  }

  private static func has(_ sought: Span<UInt8>, in items: [[UInt8]]) -> Bool {
    for item in items where sought.equals(item.span) { return true }
    return false
  }
}

extension ClaimValue {
  /// The text of a plain value; lists and objects have none.
  fileprivate var plainText: String? {
    switch self {
    case .bool(let isTrue): isTrue ? "true" : "false"
    case .number(let text), .text(let text): text
    case .null, .list, .object: nil
    }
  }
}
