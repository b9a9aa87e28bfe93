// What `key=` makes of a request: one hash that stands for the caller. The text is kept nowhere.

import Buckets
import Bytes
import Configuration
import HTTPMessage
import PolicyChain

/// The compiled key of a bucket or bulkhead. Made per route, since routes number their parameters.
struct RequestKeyHash {
  private enum Part {
    case client, listener, route, host, method
    /// Nil: the route's paths have no such parameter.
    case parameter(Int?)
    case header([UInt8])
    case query([UInt8])
    case cookie([UInt8])
    case subject
    case claim(String)
  }

  private let seed: HashSeed
  private let parts: [Part]
  private let fallback: [Part]

  /// - Parameter fallback: the key of requests that lack a part; empty: what is absent is empty.
  init(
    of key: [KeyPart], orElse fallback: [KeyPart], seed: HashSeed, parameterNames: [String]
  ) {
    self.seed = seed
    parts = key.map { Self.part($0, parameterNames) }
    self.fallback = fallback.map { Self.part($0, parameterNames) }
  }

  private static func part(_ part: KeyPart, _ parameterNames: [String]) -> Part {
    switch part {
    case .request(let attribute): self.part(attribute, parameterNames)
    case .subject: .subject
    case .claim(let path): .claim(path)
    }
  }

  private static func part(_ attribute: Attribute, _ parameterNames: [String]) -> Part {
    switch attribute {
    case .clientIP: .client
    case .listener: .listener
    case .route: .route
    case .host: .host
    case .method: .method
    case .pathParameter(let name): .parameter(parameterNames.firstIndex(of: name))
    case .header(let name): .header(Array(name.utf8))
    case .query(let name): .query(Array(name.utf8))
    case .cookie(let name): .cookie(Array(name.utf8))
    case .path, .pathRest:
      preconditionFailure("'\(attribute)' was refused when the config was read.")
    }
  }

  /// The hash that stands for the request's caller; never zero.
  func hash(of exchange: Exchange) -> UInt64 { hash(of: exchange, seed) }

  /// The hash by another seed.
  func hash(of exchange: Exchange, _ seed: HashSeed) -> UInt64 {
    var hasher = KeyHasher(seed: seed)
    var isWhole = true
    for part in parts where !Self.add(part, of: exchange, to: &hasher) { isWhole = false }
    if isWhole || fallback.isEmpty { return hasher.value }
    hasher = KeyHasher(seed: seed)
    // Told apart from a key that happens to have the same text.
    hasher.addAbsence()
    for part in fallback { _ = Self.add(part, of: exchange, to: &hasher) }
    return hasher.value
  }

  /// Returns false when the request lacks the part.
  private static func add(
    _ part: Part, of exchange: Exchange, to hasher: inout KeyHasher
  ) -> Bool {
    switch part {
    case .client:
      guard let address = exchange.clientAddress else { break }
      // One subscriber has a whole /64, and would have a bucket for each of its addresses.
      hasher.add(word: address.isV4 ? address.low : address.high)
      return true
    case .listener:
      hasher.add(word: UInt64(exchange.connection?.listener.index ?? 0))
      return true
    case .route:
      guard let route = exchange.route else { break }
      let name = route.name
      hasher.add(name.span)
      return true
    case .host:
      let request = exchange.request
      hasher.add(folding: request.text(request.host))
      return !request.host.isEmpty
    case .method:
      let request = exchange.request
      hasher.add(request.text(request.methodText))
      return true
    case .parameter(let slot):
      guard let slot, let range = exchange.parameters[slot] else { break }
      let request = exchange.request
      hasher.add(request.text(range))
      return true
    case .subject: return addSubject(of: exchange, to: &hasher)
    case .claim(let path):
      guard let text = exchange.principal?.claims[path]?.fieldText else { break }
      hasher.add(text.utf8Span.span)
      return true
    case .header(let name): return addLines(named: name, of: exchange.request, to: &hasher)
    case .query(let name): return addQuery(name, of: exchange.request, to: &hasher)
    case .cookie(let name): return addCookie(name, of: exchange.request, to: &hasher)
    }
    hasher.addAbsence()
    return false
  }

  /// The caller with who proved him: two identities may both know an `ann`.
  private static func addSubject(of exchange: Exchange, to hasher: inout KeyHasher) -> Bool {
    guard let principal = exchange.principal, !principal.subject.isEmpty else {
      hasher.addAbsence()
      return false
    }
    let identity = principal.identity.name
    hasher.add(identity.span)
    let subject = principal.subject
    hasher.add(subject.span)
    return true
  }

  /// All lines of a field: which of them the upstream believes is its own affair.
  private static func addLines(
    named name: [UInt8], of request: Request, to hasher: inout KeyHasher
  ) -> Bool {
    let fields = request.fields
    var from = 0
    while let index = fields.first(named: name, from: from) {
      hasher.add(fields.value(at: index))
      from = index + 1
    }
    if from == 0 { hasher.addAbsence() }
    return from > 0
  }

  private static func addQuery(
    _ name: [UInt8], of request: Request, to hasher: inout KeyHasher
  ) -> Bool {
    guard let query = request.query else {
      hasher.addAbsence()
      return false
    }
    let value = NamedValue.inQuery(request.text(query), name: name.span)
    hasher.add(value)
    return !value.isEmpty
  }

  private static func addCookie(
    _ name: [UInt8], of request: Request, to hasher: inout KeyHasher
  ) -> Bool {
    let fields = request.fields
    // HTTP/2 may send its cookies as several lines.
    var from = 0
    while let index = fields.first(named: KnownField.cookieBytes, from: from) {
      let value = NamedValue.inCookies(fields.value(at: index), name: name.span)
      if !value.isEmpty {
        hasher.add(value)
        return true
      }
      from = index + 1
    }
    hasher.addAbsence()
    return false
  }
}

extension KnownField {
  fileprivate static let cookieBytes = Array("cookie".utf8)
}
