// Field names that Sluice itself looks at, removes or sets, as one byte each. A name is looked up
// once, while it is parsed; everything after compares bytes of bit sets.

import Bytes

/// A field whose name means something to Sluice; `other` for every name that does not.
public enum KnownField: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case other
  // Framing and routing: RFC 9110, RFC 9112.
  case host, contentLength, transferEncoding, connection, keepAlive, proxyConnection, te, trailer
  case upgrade, expect, via, date, server, location, allow, retryAfter, vary, contentType
  case contentEncoding, acceptEncoding, cookie, setCookie, authorization, proxyAuthorization
  case proxyAuthenticate, wwwAuthenticate, origin, userAgent, referer, maxForwards, range, age
  case cacheControl, contentRange, contentLocation, accept, http2Settings, earlyData, priority
  // Addresses and ids.
  case forwarded, xForwardedFor, xForwardedHost, xForwardedProto, xForwardedPort, xForwardedPrefix
  case xForwardedURI, xForwardedMethod, xForwardedServer, xForwardedSSL, xRealIP, xClientIP
  case trueClientIP, clientCert, clientCertChain, xRequestID, traceparent, tracestate, b3
  case proxyStatus, xOriginalURL, xRewriteURL, xHTTPMethodOverride, xOriginalHost
  // Security headers.
  case strictTransportSecurity, xContentTypeOptions, xFrameOptions, referrerPolicy
  case contentSecurityPolicy, crossOriginOpenerPolicy, crossOriginEmbedderPolicy
  case crossOriginResourcePolicy, permissionsPolicy, xPermittedCrossDomainPolicies
  case xDNSPrefetchControl, clearSiteData, xXSSProtection, expectCT, publicKeyPins
  // CORS.
  case accessControlAllowOrigin, accessControlAllowCredentials, accessControlAllowMethods
  case accessControlAllowHeaders, accessControlExposeHeaders, accessControlMaxAge
  case accessControlRequestMethod, accessControlRequestHeaders
  // Limits.
  case rateLimit, rateLimitPolicy
  // Conditions, negotiation, WebSocket, further spellings of addresses and of limits.
  case proxyAuthenticationInfo, authenticationInfo, ifMatch, ifNoneMatch, ifModifiedSince
  case ifUnmodifiedSince, ifRange, etag, lastModified, expires, pragma, acceptLanguage
  case contentLanguage, idempotencyKey, secWebSocketKey, secWebSocketProtocol, secWebSocketVersion
  case secWebSocketExtensions, secWebSocketAccept, xMethodOverride, xHTTPMethod, xForwarded
  case xForwardedPath, xClusterClientIP, cfConnectingIP, fastlyClientIP, xSSLClientCert, xB3Flags
  case acceptPost, acceptPatch, sunset, deprecation, link, serverTiming, altSvc
  case contentDisposition, contentDigest, acceptRanges, signature, signatureInput, dpop
  case xRateLimitLimit, xRateLimitRemaining, xRateLimitReset, rateLimitLimit, rateLimitRemaining
  case rateLimitReset
  // What OWASP's list of fields to remove from answers names besides (ci/headers_remove.json of
  // 2026-07-19, 87 names): they tell an attacker what runs behind the edge.
  case hostHeader, kProxyRequest, liferayPortal, oracleCommerceCloudVersion, pegaHost, poweredBy
  case product, sourceMap, xAspNetVersion, xAspNetMvcVersion, xAtmosphereError
  case xAtmosphereFirstRequest, xAtmosphereTrackingId, xB3ParentSpanId, xB3Sampled, xB3SpanId
  case xB3TraceId, xBEServer, xBacksideTransport, xCFPoweredBy, xCMS, xCalculatedBETarget
  case xCocoonVersion, xContentEncodedBy, xDatadogOrigin, xDatadogParentId
  case xDatadogSamplingPriority, xDatadogTags, xDatadogTraceId, xDiagInfo, xEnvoyAttemptCount
  case xEnvoyExternalAddress, xEnvoyInternal, xEnvoyOriginalDstHost, xEnvoyUpstreamServiceTime
  case xFEServer, xFramework, xGeneratedBy, xGenerator, xGitlabMeta, xJitsiRelease, xJoomlaVersion
  case xKongAdminLatency, xKongClientLatency, xKongProxyLatency, xKongRequestId
  case xKongResponseLatency, xKongThirdPartyLatency, xKongTotalLatency, xKongUpstreamLatency
  case xKongUpstreamStatus, xKubernetesPFFlowSchemaUI, xKubernetesPFPriorityLevelUID
  case xLiteSpeedCache, xLiteSpeedPurge, xLiteSpeedTag, xLiteSpeedVary, xLitespeedCacheControl
  case xModPagespeed, xNextjsCache, xNextjsMatchedPath, xNextjsPage, xNextjsRedirect, xOWAVersion
  case xOldContentLength, xOneAgentJSInjection, xPageSpeed, xPhpVersion, xPoweredBy
  case xPoweredByPlesk, xPoweredCMS, xRedirectBy, xServerPoweredBy, xSourceFiles, xSourceMap
  case xTurboChargedBy, xTykTraceId, xUmbracoVersion, xVarnishBackend, xVarnishServer
  case xWoodpeckerVersion, xDtAgentId, xDtHealthCheck, xDtInjectedServlet, xRuxitJSAgent
  // gRPC.
  case grpcTimeout
}

/// A set of known fields: four words, no allocation.
public struct KnownFieldSet: BitwiseCopyable, Sendable, Equatable {
  @usableFromInline var words: InlineArray<4, UInt64> = [0, 0, 0, 0]

  @inlinable public init() {}

  public init(_ fields: [KnownField]) {
    for field in fields { insert(field) }
  }

  @inlinable public static func == (a: Self, b: Self) -> Bool {
    for index in a.words.indices where a.words[index] != b.words[index] { return false }
    return true
  }

  @inlinable public func contains(_ field: KnownField) -> Bool {
    (words[Int(field.rawValue &>> 6)] &>> UInt64(field.rawValue & 63)) & 1 != 0
  }

  @inlinable public mutating func insert(_ field: KnownField) {
    words[Int(field.rawValue &>> 6)] |= 1 &<< UInt64(field.rawValue & 63)
  }

  @inlinable public mutating func remove(_ field: KnownField) {
    words[Int(field.rawValue &>> 6)] &= ~(1 &<< UInt64(field.rawValue & 63))
  }

  @inlinable public mutating func subtract(_ other: Self) {
    for index in words.indices { words[index] &= ~other.words[index] }
  }

  @inlinable public mutating func formUnion(_ other: Self) {
    for index in words.indices { words[index] |= other.words[index] }
  }

  @inlinable public func intersects(_ other: Self) -> Bool {
    for index in words.indices where words[index] & other.words[index] != 0 { return true }
    return false
  }
}
