// The spelling of each known field and the way back from a spelling to the field. RFC 9110 section
// 5.1.

import Bytes

extension KnownField {
  /// The name as registered or as its inventor writes it; empty for `other`.
  public var name: StaticString { spellings[Int(rawValue)] }

  /// The field called `name`, whatever its case; `other` when it means nothing to Sluice.
  ///
  /// A probe of a table, then a comparison with the whole name: no name is taken for another, and
  /// an unknown one costs about as much as a known one.
  public init(name: Span<UInt8>) { self.init(in: name, from: 0, count: name.count) }

  /// The same for the name of `count` bytes from `start` on in `bytes`. What is not `other` is a
  /// valid field name: it equals one.
  public init(in bytes: Span<UInt8>, from start: Int, count: Int) {
    guard let ends = bytes.lowercasedEnds(from: start, count: count) else {
      self = .other
      return
    }
    var slot = KnownFieldIndex.slot(of: ends, count: count)
    while true {
      let entry = KnownFieldIndex.shared.entries[slot]
      if entry.count == 0 { break }
      if entry.first == ends.first, entry.last == ends.last, entry.count == count {
        guard count > 16,
          !bytes.extracting(start..<start &+ count).equalsName(entry.field.name)
        else {
          self = entry.field
          return
        }
      }
      slot = (slot &+ 1) & (KnownFieldIndex.slots &- 1)
    }
    self = .other
  }

  /// What OWASP's list of 2026-07-19 says to remove from answers, as far as names have a field
  /// here; the one that has none, `$wsep`, is rare enough for a rule in a configuration.
  public static let disclosing = KnownFieldSet([
    .hostHeader, .kProxyRequest, .liferayPortal, .oracleCommerceCloudVersion, .pegaHost,
    .poweredBy, .product, .server, .sourceMap, .xAspNetVersion, .xAspNetMvcVersion,
    .xAtmosphereError, .xAtmosphereFirstRequest, .xAtmosphereTrackingId, .xB3ParentSpanId,
    .xB3Sampled, .xB3SpanId, .xB3TraceId, .xBEServer, .xBacksideTransport, .xCFPoweredBy, .xCMS,
    .xCalculatedBETarget, .xCocoonVersion, .xContentEncodedBy, .xDatadogOrigin, .xDatadogParentId,
    .xDatadogSamplingPriority, .xDatadogTags, .xDatadogTraceId, .xDiagInfo, .xEnvoyAttemptCount,
    .xEnvoyExternalAddress, .xEnvoyInternal, .xEnvoyOriginalDstHost, .xEnvoyUpstreamServiceTime,
    .xFEServer, .xFramework, .xGeneratedBy, .xGenerator, .xGitlabMeta, .xJitsiRelease,
    .xJoomlaVersion, .xKongAdminLatency, .xKongClientLatency, .xKongProxyLatency, .xKongRequestId,
    .xKongResponseLatency, .xKongThirdPartyLatency, .xKongTotalLatency, .xKongUpstreamLatency,
    .xKongUpstreamStatus, .xKubernetesPFFlowSchemaUI, .xKubernetesPFPriorityLevelUID,
    .xLiteSpeedCache, .xLiteSpeedPurge, .xLiteSpeedTag, .xLiteSpeedVary, .xLitespeedCacheControl,
    .xModPagespeed, .xNextjsCache, .xNextjsMatchedPath, .xNextjsPage, .xNextjsRedirect,
    .xOWAVersion, .xOldContentLength, .xOneAgentJSInjection, .xPageSpeed, .xPhpVersion,
    .xPoweredBy, .xPoweredByPlesk, .xPoweredCMS, .xRedirectBy, .xServerPoweredBy, .xSourceFiles,
    .xSourceMap, .xTurboChargedBy, .xTykTraceId, .xUmbracoVersion, .xVarnishBackend,
    .xVarnishServer, .xWoodpeckerVersion, .xDtAgentId, .xDtHealthCheck, .xDtInjectedServlet,
    .xRuxitJSAgent,
  ])
}

/// Names by a hash of their ends and length, with linear probing.
private struct KnownFieldIndex {
  /// More than twice the number of names, so that probes are short; a power of two.
  static let slots = 512
  static let shared = KnownFieldIndex()
  var entries = InlineArray<512, Entry>(repeating: Entry())

  /// A name's ends, which are all of it up to sixteen bytes; a count of zero marks a free slot.
  struct Entry {
    var first: UInt64 = 0
    var last: UInt64 = 0
    var count = 0
    var field = KnownField.other
  }

  init() {
    for field in KnownField.allCases where field != .other {
      let count = field.name.utf8CodeUnitCount
      guard let ends = field.name.bytes.lowercasedEnds(from: 0, count: count) else {
        preconditionFailure("Names of fields hold no control characters.")
      }
      var slot = Self.slot(of: ends, count: count)
      while entries[slot].count != 0 { slot = (slot + 1) & (Self.slots - 1) }
      entries[slot] = Entry(first: ends.first, last: ends.last, count: count, field: field)
    }
  }

  static func slot(of ends: (first: UInt64, last: UInt64), count: Int) -> Int {
    let mixed =
      (ends.first &* 0x9E37_79B9_7F4A_7C15) ^ (ends.last &* 0xC2B2_AE3D_27D4_EB4F)
      &+ UInt64(truncatingIfNeeded: count)
    return Int(truncatingIfNeeded: (mixed &* 0x9E37_79B9_7F4A_7C15) &>> 55)
  }
}

/// In the order of the cases; a test compares them.
private let spellings: InlineArray<222, StaticString> = [
  "",
  "Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection",
  "TE", "Trailer", "Upgrade", "Expect", "Via", "Date", "Server", "Location", "Allow",
  "Retry-After", "Vary", "Content-Type", "Content-Encoding", "Accept-Encoding", "Cookie",
  "Set-Cookie", "Authorization", "Proxy-Authorization", "Proxy-Authenticate", "WWW-Authenticate",
  "Origin", "User-Agent", "Referer", "Max-Forwards", "Range", "Age", "Cache-Control",
  "Content-Range", "Content-Location", "Accept", "HTTP2-Settings", "Early-Data", "Priority",
  "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port",
  "X-Forwarded-Prefix", "X-Forwarded-URI", "X-Forwarded-Method", "X-Forwarded-Server",
  "X-Forwarded-SSL", "X-Real-IP", "X-Client-IP", "True-Client-IP", "Client-Cert",
  "Client-Cert-Chain", "X-Request-ID", "traceparent", "tracestate", "b3", "Proxy-Status",
  "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-Original-Host",
  "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy",
  "Content-Security-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy",
  "Cross-Origin-Resource-Policy", "Permissions-Policy", "X-Permitted-Cross-Domain-Policies",
  "X-DNS-Prefetch-Control", "Clear-Site-Data", "X-XSS-Protection", "Expect-CT", "Public-Key-Pins",
  "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials",
  "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Expose-Headers",
  "Access-Control-Max-Age", "Access-Control-Request-Method", "Access-Control-Request-Headers",
  "RateLimit", "RateLimit-Policy", "Proxy-Authentication-Info", "Authentication-Info", "If-Match",
  "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "ETag",
  "Last-Modified", "Expires", "Pragma", "Accept-Language", "Content-Language", "Idempotency-Key",
  "Sec-WebSocket-Key", "Sec-WebSocket-Protocol", "Sec-WebSocket-Version",
  "Sec-WebSocket-Extensions", "Sec-WebSocket-Accept", "X-Method-Override", "X-HTTP-Method",
  "X-Forwarded", "X-Forwarded-Path", "X-Cluster-Client-IP", "CF-Connecting-IP",
  "Fastly-Client-IP", "X-SSL-Client-Cert", "X-B3-Flags", "Accept-Post", "Accept-Patch", "Sunset",
  "Deprecation", "Link", "Server-Timing", "Alt-Svc", "Content-Disposition", "Content-Digest",
  "Accept-Ranges", "Signature", "Signature-Input", "DPoP", "X-RateLimit-Limit",
  "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit-Limit", "RateLimit-Remaining",
  "RateLimit-Reset", "Host-Header", "K-Proxy-Request", "Liferay-Portal",
  "OracleCommerceCloud-Version", "Pega-Host", "Powered-By", "Product", "SourceMap",
  "X-AspNet-Version", "X-AspNetMvc-Version", "X-Atmosphere-error", "X-Atmosphere-first-request",
  "X-Atmosphere-tracking-id", "X-B3-ParentSpanId", "X-B3-Sampled", "X-B3-SpanId", "X-B3-TraceId",
  "X-BEServer", "X-Backside-Transport", "X-CF-Powered-By", "X-CMS", "X-CalculatedBETarget",
  "X-Cocoon-Version", "X-Content-Encoded-By", "X-Datadog-Origin", "X-Datadog-Parent-Id",
  "X-Datadog-Sampling-Priority", "X-Datadog-Tags", "X-Datadog-Trace-Id", "X-DiagInfo",
  "X-Envoy-Attempt-Count", "X-Envoy-External-Address", "X-Envoy-Internal",
  "X-Envoy-Original-Dst-Host", "X-Envoy-Upstream-Service-Time", "X-FEServer", "X-Framework",
  "X-Generated-By", "X-Generator", "X-Gitlab-Meta", "X-Jitsi-Release", "X-Joomla-Version",
  "X-Kong-Admin-Latency", "X-Kong-Client-Latency", "X-Kong-Proxy-Latency", "X-Kong-Request-Id",
  "X-Kong-Response-Latency", "X-Kong-Third-Party-Latency", "X-Kong-Total-Latency",
  "X-Kong-Upstream-Latency", "X-Kong-Upstream-Status", "X-Kubernetes-PF-FlowSchema-UI",
  "X-Kubernetes-PF-PriorityLevel-UID", "X-LiteSpeed-Cache", "X-LiteSpeed-Purge",
  "X-LiteSpeed-Tag", "X-LiteSpeed-Vary", "X-Litespeed-Cache-Control", "X-Mod-Pagespeed",
  "X-Nextjs-Cache", "X-Nextjs-Matched-Path", "X-Nextjs-Page", "X-Nextjs-Redirect",
  "X-OWA-Version", "X-Old-Content-Length", "X-OneAgent-JS-Injection", "X-Page-Speed",
  "X-Php-Version", "X-Powered-By", "X-Powered-By-Plesk", "X-Powered-CMS", "X-Redirect-By",
  "X-Server-Powered-By", "X-SourceFiles", "X-SourceMap", "X-Turbo-Charged-By", "X-Tyk-Trace-Id",
  "X-Umbraco-Version", "X-Varnish-Backend", "X-Varnish-Server", "X-Woodpecker-Version",
  "X-dtAgentId", "X-dtHealthCheck", "X-dtInjectedServlet", "X-ruxit-JS-Agent",
  "grpc-timeout",
]
