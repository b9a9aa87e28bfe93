// The values of security headers, as data. From OWASP's Secure Headers Project, lists of
// 2026-07-19 (https://owasp.org/www-project-secure-headers/ci/headers_add.json); what to remove is
// `KnownField.disclosing`.

/// What an answer is: a page that browsers render, or data that programs read.
package enum SecureHeadersProfile: String, Sendable, CaseIterable {
  /// Data: nothing in it may run, be framed, or ask for anything.
  case api
  /// Pages of the same site.
  case web

  var contentSecurityPolicy: String {
    switch self {
    case .api: "default-src 'none'; frame-ancestors 'none'"
    case .web:
      "default-src 'self'; form-action 'self'; base-uri 'self'; object-src 'none'; "
        + "frame-ancestors 'none'; upgrade-insecure-requests"
    }
  }

  /// The header's value; nil where the profile sends none: data opens no windows and embeds
  /// nothing.
  var openerPolicy: String? { self == .web ? "same-origin" : nil }
  var embedderPolicy: String? { self == .web ? "require-corp" : nil }
  var resourcePolicy: String { "same-origin" }
  var referrerPolicy: String { "no-referrer" }
  var frameOptions: String { "deny" }

  /// An API decides about caching itself; a page that says nothing is not kept.
  var cacheControl: String? { self == .web ? "no-store, max-age=0" : nil }

  var permissionsPolicy: String {
    switch self {
    case .api:
      "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), "
        + "microphone=(), payment=(), usb=()"
    case .web:
      "accelerometer=(), autoplay=(), camera=(), cross-origin-isolated=(), display-capture=(), "
        + "encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), keyboard-map=(), "
        + "magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), "
        + "publickey-credentials-get=(), screen-wake-lock=(), sync-xhr=(self), usb=(), "
        + "web-share=(), xr-spatial-tracking=(), clipboard-read=(), clipboard-write=(), "
        + "gamepad=(), hid=(), idle-detection=(), interest-cohort=(), serial=(), unload=()"
    }
  }
}
