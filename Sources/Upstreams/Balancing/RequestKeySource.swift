// What part of a request decides where it goes: for `balance hash` and for sticky shares.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

/// The part of a request that is hashed.
package enum RequestKeySource: Sendable, Hashable {
  case clientAddress, host, path
  case header([UInt8])
  case cookie([UInt8])
  case query([UInt8])
  /// A parameter of the route's path, by its name.
  case parameter(String)

  /// Nil for attributes that are the same for all requests of a route.
  package init?(_ attribute: Attribute) {
    switch attribute {
    case .clientIP: self = .clientAddress
    case .host: self = .host
    case .path: self = .path
    case .header(let name): self = .header(Array(name.utf8))
    case .cookie(let name): self = .cookie(Array(name.utf8))
    case .query(let name): self = .query(Array(name.utf8))
    case .pathParameter(let name): self = .parameter(name)
    default: return nil
    }
  }
}

/// A key's source on one route, where parameters have their slots.
struct RequestKey {
  private let source: RequestKeySource
  private let slot: Int?

  /// - Parameter parameterNames: the route's parameters in the order of their slots.
  init(_ source: RequestKeySource, parameterNames: [String]) {
    self.source = source
    if case .parameter(let name) = source {
      slot = parameterNames.firstIndex(of: name)
    } else {
      slot = nil
    }
  }

  /// The hash of the request's key; nil when it has none.
  func hash(_ exchange: Exchange) -> UInt64? {
    let request = exchange.request
    switch source {
    case .clientAddress:
      guard let address = exchange.clientAddress else { return nil }
      return StableHash.mix(address.high ^ StableHash.mix(address.low))
    case .host: return StableHash.of(request.text(request.host))
    case .path: return StableHash.of(request.text(request.path))
    case .header(let name):
      let fields = request.fields
      guard let index = fields.first(named: name.span) else { return nil }
      return StableHash.of(fields.value(at: index))
    case .cookie(let name):
      let fields = request.fields
      guard let index = fields.first(.cookie) else { return nil }
      return StableHash.of(NamedValue.inCookies(fields.value(at: index), name: name.span))
    case .query(let name):
      guard let query = request.query else { return nil }
      return StableHash.of(NamedValue.inQuery(request.text(query), name: name.span))
    case .parameter:
      guard let slot, let range = exchange.parameters[slot] else { return nil }
      return StableHash.of(request.text(range))
    }
  }
}

/// A hash that is the same on every worker, after every restart and on every machine: FNV-1a with a
/// finalizer. It is not keyed; that keys can be chosen to meet on one server is what the load bound
/// of the ring is for.
enum StableHash {
  /// Nil for empty text, which is no key.
  static func of(_ text: Span<UInt8>) -> UInt64? {
    guard !text.isEmpty else { return nil }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in text.indices { hash = (hash ^ UInt64(text[index])) &* 0x100_0000_01b3 }
    return mix(hash)
  }

  /// SplitMix64's finalizer: every bit of the input reaches every bit of the output.
  static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
}
