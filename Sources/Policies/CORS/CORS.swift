// Tells browsers which pages may read answers. The Fetch standard's CORS protocol, from the side of
// the server. It keeps nobody out: what a request may do is decided by auth and access.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

/// The `cors` policy: answers preflights before anyone is asked who he is, and puts its fields on
/// every answer, in place of those of the upstream.
package final class CORS: PreflightAnswering, Egress {
  package struct Settings: Sendable {
    package var origins: [CORSOrigin] = []
    package var methods = ["GET", "HEAD", "POST"]
    package var headers: [HeaderName] = []
    package var exposed: [HeaderName] = CORS.usuallyExposed
    package var allowsCredentials = false
    package var maxAge = TimeSpan.minutes(10)
  }

  /// Fields of answers that belong to this policy alone.
  static let owned = KnownFieldSet([
    .accessControlAllowOrigin, .accessControlAllowCredentials, .accessControlAllowMethods,
    .accessControlAllowHeaders, .accessControlExposeHeaders, .accessControlMaxAge,
  ])

  private let rules: OriginRules
  private let preflights: PreflightRules
  /// Whether every page gets the same answer, which then names none.
  private let isForEveryone: Bool
  /// What an answer says beside the origin, and what a preflight's answer says.
  private let answerBlock: FieldBlock
  private let preflightBlock: FieldBlock

  package init(_ settings: Settings) {
    isForEveryone = settings.origins.contains(.any)
    rules = OriginRules(settings.origins)
    preflights = PreflightRules(
      methods: settings.methods, names: settings.headers.map(\.lowercased))
    answerBlock = Self.answerBlock(settings, isForEveryone: isForEveryone)
    preflightBlock = Self.preflightBlock(settings, isForEveryone: isForEveryone)
  }

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    guard exchange.isPreflight else { return .pass }
    let fields = exchange.request.fields
    guard fields.count(of: .accessControlRequestMethod) == 1,
      let asked = fields.first(.accessControlRequestMethod),
      FieldSyntax.isToken(fields.value(at: asked))
    else { throw .refused(.badPreflight) }
    guard isAllowed(exchange) else { throw .refused(.originRefused) }
    guard preflights.allow(method: fields.value(at: asked)) else { throw .refused(.methodRefused) }
    switch preflights.verdict(onFieldsOf: fields) {
    case .allowed: break
    case .refused: throw .refused(.headerRefused)
    case .malformed: throw .refused(.badPreflight)
    case .tooLong: throw .refused(.preflightTooLong)
    }
    exchange.answer(status: 204, contentType: nil, body: [])
    return .answered
  }

  package func egress(_ exchange: Exchange) {
    exchange.response.fields.remove(Self.owned)
    vary(exchange)
    guard isAllowed(exchange) else { return }
    exchange.render(
      exchange.isPreflight && exchange.failure == nil ? preflightBlock : answerBlock)
    if !isForEveryone, let origin = Self.origin(of: exchange) {
      let fields = exchange.request.fields
      exchange.add(
        .accessControlAllowOrigin, name: KnownField.accessControlAllowOrigin.name.bytes,
        value: fields.value(at: origin))
    }
  }

  private func isAllowed(_ exchange: Exchange) -> Bool {
    if isForEveryone { return true }
    guard let origin = Self.origin(of: exchange) else { return false }
    let fields = exchange.request.fields
    return rules.allow(fields.value(at: origin))
  }

  /// The Origin line as it came in, also when something removed it from what is forwarded: the
  /// answer goes to the page that asked (docs/hardening.md 94).
  private static func origin(of exchange: Exchange) -> Int? {
    exchange.request.fields.entries.firstIndex { $0.field == .origin }
  }

  /// Says what the answer depends on, on every answer: a cache must not give the answer for one
  /// page to another, nor one without an origin to a page. RFC 9110 section 12.5.5.
  private func vary(_ exchange: Exchange) {
    let vary = KnownField.vary.name.bytes
    if exchange.isPreflight {
      exchange.add(.vary, name: vary, value: Self.preflightVary.bytes)
    } else if !isForEveryone, !Self.variesByOrigin(exchange.response.fields) {
      exchange.add(.vary, name: vary, value: KnownField.origin.name.bytes)
    }
  }

  private static let preflightVary: StaticString =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"

  /// Whether the upstream's own Vary says so already. A line of ours beside its line is one list.
  private static func variesByOrigin(_ fields: FieldSection) -> Bool {
    guard fields.present.contains(.vary) else { return false }
    let entries = fields.entries
    for index in 0..<entries.count where entries[index].field == .vary && !entries[index].isRemoved
    {
      let value = fields.value(at: index)
      var start = 0
      while start <= value.count {
        let end = value.firstIndex(of: UInt8(ascii: ","), from: start)
        var (first, last) = (start, end)
        while first < last, FieldSyntax.isBlank(value[first]) { first += 1 }
        while last > first, FieldSyntax.isBlank(value[last - 1]) { last -= 1 }
        let name = value.extracting(first..<last)
        if name.equals("*") || name.equalsIgnoringCase("origin") { return true }
        start = end + 1
      }
    }
    return false
  }
}

extension Reason {
  fileprivate static let badPreflight = Reason(
    "bad_preflight", 400, "The preflight asks for no method, or for what is no field name.")
  fileprivate static let preflightTooLong = Reason(
    "preflight_too_long", 400, "The preflight asks for too many fields.")
  fileprivate static let originRefused = Reason(
    "cors_origin_refused", 403, "Pages of this origin may not call this resource.")
  fileprivate static let methodRefused = Reason(
    "cors_method_refused", 403, "Pages may not call this resource with that method.")
  fileprivate static let headerRefused = Reason(
    "cors_header_refused", 403, "Pages may not send that field to this resource.")
}
