// Requests as honest and hostile clients send them, made from a seed: good parts in any
// combination, then perhaps a few of the changes that have slipped past gateways before.

import LoopBench

/// An endless supply of request heads.
struct HostileRequests {
  private var random: Seeded

  init(seed: UInt64) { random = Seeded(seed: seed) }

  private static func bytes(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

  private static let methods = bytes([
    "GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "QUERY", "PURGE",
    "get", "GE T", "CONNECT", "TRACE", "", "G\0T", "VERYLONGMETHODNAMETHATNOBODYREGISTERED",
  ])
  private static let paths = bytes([
    "/", "/admin", "/admin/users", "/api/orders", "/api/orders/4711", "/public/a/b", "/api/",
    "/api/a%20b", "/moved/x/y", "/tenants/acme/list",
  ])
  private static let oddPaths = bytes([
    "//admin/users", "/api/../admin", "/api/%2e%2e/admin", "/api/..%2fadmin", "/api/%2E./admin",
    "/./admin", "/api\\..\\admin", "/api/%5c..%5cadmin", "/admin%00", "/admin;x=1", "/%61dmin/x",
    "/api/%zz", "/api/%c0%af", "/ADMIN/users", "*", "http://other.test/admin/users",
    "http://example.com/api/x", "http://user@example.com/api", "api/orders", "/api/a b",
    "/api/\u{1}",
    "/api/é", "/api/%2F%2e%2e%2Fadmin", "/api/.%2e/", "/api/...//x", "/api/#frag",
  ])
  private static let queries = bytes([
    "", "", "?", "?a=1", "?a=1&b=%20", "?x=/../admin", "?a=\"b\"",
  ])
  private static let versions = bytes([
    "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1",
    "HTTP/1.1 ", "HTTP/01.1",
  ])
  private static let hosts = bytes([
    "example.com", "example.com", "EXAMPLE.com", "example.com:8443", "other.test", "[::1]:80",
    "example.com.", "a@example.com", "example.com/admin", "", "exa mple.com", "example.com:99999",
    "[::1", "example.com,other.test",
  ])
  private static let fields = bytes([
    "Accept: */*", "User-Agent: test", "Cookie: a=1; b=2", "Authorization: Bearer abc",
    "X-Tenant: acme", "Content-Type: text/plain", "Accept-Encoding: gzip", "X-Empty:",
    "X-Long: 0123456789012345678901234567890123456789", "x-tenant:   acme   ",
  ])
  private static let spoofs = bytes([
    "X-Forwarded-For: 6.6.6.6", "x-forwarded-for: 6.6.6.6, 7.7.7.7", "X-FORWARDED-HOST: evil.test",
    "X-Forwarded-Proto: evil", "Forwarded: for=6.6.6.6;host=evil.test", "X-Real-IP: 6.6.6.6",
    "X_Forwarded_For: 6.6.6.6", "X-Forwarded_For: 6.6.6.6", "X.Forwarded.For: 6.6.6.6",
    "True-Client-IP: 6.6.6.6", "X-Request-ID: evil", "x_request_id: evil", "X-Original-URL: /admin",
    "X-Rewrite-URL: /admin", "traceparent: evil", "tracestate: evil=1",
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "Via: 1.1 evil",
    "CF-Connecting-IP: 6.6.6.6", "X-Forwarded-Port: 666", "Client-Cert: :evil:",
  ])
  private static let hops = bytes([
    "Connection: close", "Connection: keep-alive", "Connection: X-Tenant", "Connection: Host",
    "Connection: X-Forwarded-For, close", "Connection: authorization", "Connection: x-request-id",
    "Connection: traceparent, forwarded", "Keep-Alive: timeout=5", "Proxy-Connection: close",
    "TE: trailers", "Upgrade: websocket", "Trailer: X-Tenant", "HTTP2-Settings: AAA",
    "Proxy-Authorization: Basic x", "Expect: 100-continue", "Expect: other",
  ])
  private static let framings = bytes([
    "Content-Length: 0", "Content-Length: 5", "Content-Length: +5", "Content-Length: 5, 5",
    "Content-Length: 05", "Content-Length: 0x5", "Content-Length: 99999999999999999999",
    "Transfer-Encoding: chunked", "Transfer-Encoding: CHUNKED", "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: \u{b}chunked",
    "Transfer-Encoding : chunked", "Transfer_Encoding: chunked", "Transfer-Encoding: identity",
    "Content_Length: 7", "Content-Length:", "Content-Length: 5\r\nContent-Length: 6",
  ])
  private static let breaks = bytes([
    "\n", "\r", "\r\n ", "\r\n\t", "\0", " ", "\t", "\u{7f}", ":", "\r\n\r\n", "\n\n", "\u{b}",
    "X: y", "\r\nHost: evil.test\r\n", "\r\nX-Request-ID: evil\r\n", "\u{ff}",
  ])

  /// The next head, with its empty line.
  mutating func next() -> [UInt8] {
    let isOdd = pick(2) == 0
    var lines: [[UInt8]] = []
    let path = isOdd && pick(2) == 0 ? choose(Self.oddPaths) : choose(Self.paths)
    let method = isOdd ? choose(Self.methods) : Self.methods[pick(10)]
    let version = isOdd ? choose(Self.versions) : Self.versions[0]
    lines.append(method + [32] + path + choose(Self.queries) + [32] + version)
    if !isOdd || pick(8) != 0 {
      lines.append(Array("Host: ".utf8) + (isOdd ? choose(Self.hosts) : Self.hosts[pick(4)]))
    }
    if isOdd && pick(12) == 0 { lines.append(Array("Host: evil.test".utf8)) }
    for _ in 0..<pick(4) { lines.append(choose(Self.fields)) }
    for _ in 0..<pick(3) { lines.append(choose(Self.spoofs)) }
    if pick(3) == 0 { lines.append(choose(Self.hops)) }
    if pick(3) == 0 {
      lines.append(isOdd ? choose(Self.framings) : Self.framings[[0, 1, 7][pick(3)]])
    }
    if isOdd && pick(16) == 0 { lines.append(choose(Self.framings)) }
    // Any order but the first line's.
    for index in stride(from: lines.count - 1, to: 1, by: -1) {
      lines.swapAt(index, 1 + pick(index))
    }
    var head: [UInt8] = []
    for line in lines { head += line + [13, 10] }
    head += [13, 10]
    if isOdd && pick(3) == 0 { mutate(&head) }
    return head
  }

  private mutating func mutate(_ head: inout [UInt8]) {
    for _ in 0...pick(2) {
      let place = pick(head.count)
      switch pick(4) {
      case 0: head.insert(contentsOf: choose(Self.breaks), at: place)
      case 1: head[place] = UInt8(truncatingIfNeeded: random.next())
      case 2: head.remove(at: place)
      default: head.insert(head[pick(head.count)], at: place)
      }
    }
  }

  /// A number below `count`.
  mutating func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

  private mutating func choose(_ list: [[UInt8]]) -> [UInt8] { list[pick(list.count)] }
}
