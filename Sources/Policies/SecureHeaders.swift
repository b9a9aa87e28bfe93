// Puts security headers on every answer and takes fields off that tell about the machinery behind
// it. The lines are rendered when the config is compiled; an answer costs one copy.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

/// The `secure-headers` policy. Headers are set, whatever the upstream says, but for
/// Content-Security-Policy and Cache-Control: an application knows those better, so its own stay.
package final class SecureHeaders: Egress {
  package struct Settings: Sendable {
    package var profile = SecureHeadersProfile.api
    package var hstsMaxAge = TimeSpan.days(730)
    package var coversSubdomains = true
    package var referrerPolicy: HeaderChoice?
    package var frameOptions: HeaderChoice?
    package var contentSecurityPolicy: HeaderChoice?
    package var permissionsPolicy: HeaderChoice?
    package var openerPolicy: HeaderChoice?
    package var embedderPolicy: HeaderChoice?
    package var resourcePolicy: HeaderChoice?
    package var cacheControl: HeaderChoice?
  }

  package static let manual = Manual(
    directive: "secure-headers",
    summary: "Sets security headers on every answer and removes what tells about servers.",
    defaults: Settings(),
    properties: [
      .enumeration("profile", \.profile, "What answers are: 'api' for data, 'web' for pages."),
      .duration(
        "hsts-max-age", \.hstsMaxAge, in: .zero ... .days(3650),
        "How long browsers keep to https; sent over TLS only."),
      .flag("hsts-subdomains", \.coversSubdomains, "Whether that covers subdomains."),
      header("referrer-policy", \.referrerPolicy, "Referrer-Policy."),
      header("frame-options", \.frameOptions, "X-Frame-Options."),
      header(
        "content-security-policy", \.contentSecurityPolicy,
        "Content-Security-Policy of answers that have none."),
      header("permissions-policy", \.permissionsPolicy, "Permissions-Policy."),
      header("cross-origin-opener-policy", \.openerPolicy, "Cross-Origin-Opener-Policy."),
      header("cross-origin-embedder-policy", \.embedderPolicy, "Cross-Origin-Embedder-Policy."),
      header("cross-origin-resource-policy", \.resourcePolicy, "Cross-Origin-Resource-Policy."),
      header("cache-control", \.cacheControl, "Cache-Control of answers that have none."),
    ],
    examples: [
      Example(
        "an answer of an API cannot be framed, sniffed or run",
        config: "secure-headers profile=api",
        .send(
          "GET /",
          expect: .forwarded(answer: [
            "X-Content-Type-Options: nosniff", "X-Frame-Options: deny",
            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
          ]))),
      Example(
        "one header is another, the rest stay",
        config: "secure-headers referrer-policy=\"same-origin\" frame-options=off",
        .send(
          "GET /",
          expect: .forwarded(answer: [
            "Referrer-Policy: same-origin", "X-Content-Type-Options: nosniff",
          ]))),
    ])

  package static let registration = Registration(.identification, manual, off: nil) {
    settings, context in
    PolicyParts(egress: SecureHeaders(settings, isSecure: context.isSecure))
  }

  private static func header(
    _ name: String, _ path: Setting<Settings, HeaderChoice?>, _ summary: String
  ) -> Property<Settings> {
    .value(name, path, .headerChoice, summary + " 'off' sends none.")
  }

  /// Four renderings, so that the answer's own values can stay without a copy of the rest: bit 0
  /// for a Content-Security-Policy of its own, bit 1 for a Cache-Control.
  private let blocks: [FieldBlock]

  /// - Parameter isSecure: whether the listener speaks TLS: RFC 6797 section 7.2 allows HSTS there
  ///   only.
  package init(_ settings: Settings, isSecure: Bool) {
    blocks = (0..<4).map { own in
      Self.block(
        settings, isSecure: isSecure, hasPolicy: own & 1 != 0, hasCacheControl: own & 2 != 0)
    }
  }

  package func egress(_ exchange: Exchange) {
    let fields = exchange.response.fields
    fields.remove(KnownField.disclosing)
    let own =
      (fields.present.contains(.contentSecurityPolicy) ? 1 : 0)
      + (fields.present.contains(.cacheControl) ? 2 : 0)
    exchange.render(blocks[own])
  }

  private static func block(
    _ settings: Settings, isSecure: Bool, hasPolicy: Bool, hasCacheControl: Bool
  ) -> FieldBlock {
    let profile = settings.profile
    var block = FieldBlock()
    func add(_ field: KnownField, _ choice: HeaderChoice?, usual: String?) {
      guard let value = HeaderChoice.value(choice, usual: usual) else { return }
      let isAdded = block.add(name: field.name.bytes, value: value.utf8Span.span)
      precondition(isAdded, "Header values were checked when they were read.")
    }
    if isSecure { add(.strictTransportSecurity, nil, usual: transportSecurity(settings)) }
    add(.xContentTypeOptions, nil, usual: "nosniff")
    add(.xFrameOptions, settings.frameOptions, usual: profile.frameOptions)
    add(.referrerPolicy, settings.referrerPolicy, usual: profile.referrerPolicy)
    if !hasPolicy {
      add(
        .contentSecurityPolicy, settings.contentSecurityPolicy,
        usual: profile.contentSecurityPolicy)
    }
    add(.crossOriginOpenerPolicy, settings.openerPolicy, usual: profile.openerPolicy)
    add(.crossOriginEmbedderPolicy, settings.embedderPolicy, usual: profile.embedderPolicy)
    add(.crossOriginResourcePolicy, settings.resourcePolicy, usual: profile.resourcePolicy)
    add(.permissionsPolicy, settings.permissionsPolicy, usual: profile.permissionsPolicy)
    add(.xPermittedCrossDomainPolicies, nil, usual: "none")
    add(.xDNSPrefetchControl, nil, usual: "off")
    if !hasCacheControl {
      add(.cacheControl, settings.cacheControl, usual: profile.cacheControl)
    }
    return block
  }

  private static func transportSecurity(_ settings: Settings) -> String {
    let seconds = settings.hstsMaxAge.milliseconds / 1000
    return "max-age=\(seconds)" + (settings.coversSubdomains ? "; includeSubDomains" : "")
  }
}
