// Requests that are refused, by the rule that they break. HARDENING's groups A and B are among
// them, by their numbers.

import HTTPMessage
import Testing

@testable import HTTP1

/// One request and the rule that it breaks.
struct RefusalVector: Sendable, CustomTestStringConvertible {
  let name: String
  let request: String
  let error: HTTP1Error

  init(_ name: String, _ request: String, _ error: HTTP1Error) {
    self.name = name
    self.request = request
    self.error = error
  }

  var testDescription: String { name }
}

/// A request with these field lines behind Host, each with its line end.
private func fields(_ lines: String) -> String { "POST / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n" }

private func line(_ line: String) -> String { "\(line)\r\nHost: a\r\n\r\n" }

let requestLineRefusals: [RefusalVector] = [
  RefusalVector("two spaces before the target", line("GET  / HTTP/1.1"), .badTarget),
  RefusalVector("two spaces behind the target", line("GET /  HTTP/1.1"), .pathNotCanonical),
  RefusalVector("a tab for a space", line("GET\t/ HTTP/1.1"), .badRequestLine),
  RefusalVector("a space in the target", line("GET /a b HTTP/1.1"), .pathNotCanonical),
  RefusalVector("a space in the query", line("GET /a?b c HTTP/1.1"), .badQuery),
  RefusalVector("a space at the end", line("GET / HTTP/1.1 "), .badRequestLine),
  RefusalVector("a space at the start", line(" GET / HTTP/1.1"), .badRequestLine),
  RefusalVector("no target", line("GET HTTP/1.1"), .badRequestLine),
  RefusalVector("no version", line("GET /"), .badRequestLine),
  RefusalVector("nothing but a method", line("GET"), .badRequestLine),
  RefusalVector("no method", line("/ HTTP/1.1"), .badRequestLine),
  RefusalVector("a method that is no token", line("G(T / HTTP/1.1"), .badRequestLine),
  RefusalVector("a colon in the method", line("GET: / HTTP/1.1"), .badRequestLine),
  RefusalVector(
    "a method of 33 bytes", line(String(repeating: "A", count: 33) + " / HTTP/1.1"),
    .methodTooLong),
  RefusalVector("HTTP/2.0", line("GET / HTTP/2.0"), .versionNotSupported),
  RefusalVector("HTTP/1.2", line("GET / HTTP/1.2"), .versionNotSupported),
  RefusalVector("HTTP/0.9", line("GET / HTTP/0.9"), .versionNotSupported),
  RefusalVector("a lower-case version", line("GET / http/1.1"), .badRequestLine),
  RefusalVector("a version of two digits", line("GET / HTTP/1.10"), .badRequestLine),
  RefusalVector("a version with a comma", line("GET / HTTP/1,1"), .badRequestLine),
  RefusalVector("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .versionNotSupported),
  RefusalVector("a second empty line", "\r\n\r\nGET / HTTP/1.1\r\n\r\n", .badRequestLine),
  RefusalVector("a leading LF", "\nGET / HTTP/1.1\r\n\r\n", .bareLF),
  RefusalVector("a leading CR", "\rGET / HTTP/1.1\r\n\r\n", .bareCR),
  RefusalVector("CONNECT", line("CONNECT a:443 HTTP/1.1"), .connectNotSupported),
  RefusalVector("authority form", line("GET a:443 HTTP/1.1"), .badTarget),
  RefusalVector("asterisk for GET", line("GET * HTTP/1.1"), .badTarget),
  RefusalVector("asterisk and more", line("OPTIONS *a HTTP/1.1"), .badTarget),
  RefusalVector("a target without a slash", line("GET a/b HTTP/1.1"), .badTarget),
  RefusalVector("another scheme", line("GET ftp://a/ HTTP/1.1"), .badTarget),
  RefusalVector("user information", line("GET http://u@a/ HTTP/1.1"), .badHost),
  RefusalVector("an empty authority", line("GET http:///a HTTP/1.1"), .badHost),
  RefusalVector("a scheme alone", line("GET http:// HTTP/1.1"), .badTarget),
  RefusalVector("another host in the target", line("GET http://b/ HTTP/1.1"), .hostMismatch),
  RefusalVector("another port in the target", line("GET http://a:80/ HTTP/1.1"), .hostMismatch),
  RefusalVector("23: a fragment", line("GET /a#b HTTP/1.1"), .pathNotCanonical),
  RefusalVector("23: a fragment in the query", line("GET /a?b#c HTTP/1.1"), .badQuery),
  RefusalVector("23: a fragment in absolute form", line("GET http://a#b HTTP/1.1"), .badHost),
  RefusalVector("26: a stray percent sign", line("GET /?a=% HTTP/1.1"), .badQuery),
  RefusalVector("26: half an encoding", line("GET /?a=%4 HTTP/1.1"), .badQuery),
  RefusalVector("26: no hexadecimal digits", line("GET /?a=%zz HTTP/1.1"), .badQuery),
  RefusalVector("a quote in the query", line("GET /?\" HTTP/1.1"), .badQuery),
  RefusalVector("a byte above ASCII in the path", line("GET /\u{E9} HTTP/1.1"), .pathNotCanonical),
  RefusalVector("a byte above ASCII in the query", line("GET /?\u{E9} HTTP/1.1"), .badQuery),
  RefusalVector("22: NUL in the target", line("GET /\0 HTTP/1.1"), .nulByte),
  RefusalVector(
    "a control character in the target", line("GET /\u{1} HTTP/1.1"), .controlCharacter),
  RefusalVector("DEL in the target", line("GET /\u{7F} HTTP/1.1"), .controlCharacter),
  RefusalVector("a bare LF behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", .bareLF),
  RefusalVector("a bare CR behind the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", .bareCR),
  RefusalVector("two CRs", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", .bareCR),
]

let fieldRefusals: [RefusalVector] = [
  RefusalVector("1: a name of 255 bytes", fields(longName(255)), .fieldNameTooLong),
  RefusalVector("1: a name of 256 bytes", fields(longName(256)), .fieldNameTooLong),
  RefusalVector("1: a name of 270 bytes", fields(longName(270)), .fieldNameTooLong),
  RefusalVector("1: a name of 65,536 bytes", fields(longName(65_536)), .fieldNameTooLong),
  RefusalVector("2: an empty name", fields(": x\r\n"), .emptyFieldName),
  RefusalVector("13: a space before the colon", fields("A : x\r\n"), .spaceBeforeColon),
  RefusalVector("13: a tab before the colon", fields("A\t: x\r\n"), .spaceBeforeColon),
  RefusalVector(
    "13: a space before the colon of Transfer-Encoding",
    fields("Transfer-Encoding : chunked\r\n"), .spaceBeforeColon),
  RefusalVector("no colon", fields("A\r\n"), .fieldWithoutColon),
  RefusalVector("no colon and a bare LF", fields("A\n"), .bareLF),
  RefusalVector("a folded line", fields("A: x\r\n y\r\n"), .obsFold),
  RefusalVector("a line folded with a tab", fields("A: x\r\n\ty\r\n"), .obsFold),
  RefusalVector("a folded first line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", .obsFold),
  RefusalVector("a name with a slash", fields("A/b: x\r\n"), .badFieldName),
  RefusalVector("a name above ASCII", fields("\u{C4}: x\r\n"), .badFieldName),
  RefusalVector("a name with NUL", fields("A\0: x\r\n"), .nulByte),
  RefusalVector("a name with a control character", fields("A\u{B}: x\r\n"), .controlCharacter),
  RefusalVector("22: a value with NUL", fields("A: x\0y\r\n"), .nulByte),
  RefusalVector("a value with a control character", fields("A: x\u{1F}\r\n"), .controlCharacter),
  RefusalVector("a value with DEL", fields("A: x\u{7F}\r\n"), .controlCharacter),
  RefusalVector("a value with a bare CR", fields("A: x\ry\r\n"), .bareCR),
  RefusalVector("a value with a bare LF", fields("A: x\ny: z\r\n"), .bareLF),
  RefusalVector("a line that ends with LF", fields("A: x\n"), .bareLF),
  RefusalVector("11: a head that ends with LF", "GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLF),
  RefusalVector("12: CR and another byte end the head", fields("\rX"), .bareCR),
  RefusalVector("no Host", "GET / HTTP/1.1\r\n\r\n", .missingHost),
  RefusalVector("two hosts", fields("Host: a\r\n"), .duplicateField),
  RefusalVector("39: Host twice, in other cases", fields("hOST: b\r\n"), .duplicateField),
  RefusalVector(
    "39: two credentials", fields("Authorization: a\r\nAuthorization: b\r\n"), .duplicateField),
  RefusalVector("39: two origins", fields("Origin: http://a\r\norigin: b\r\n"), .duplicateField),
  RefusalVector(
    "39: two content types", fields("Content-Type: a/b\r\nContent-Type: a/b\r\n"), .duplicateField),
  RefusalVector("an expectation", fields("Expect: 200-ok\r\n"), .expectationFailed),
  RefusalVector(
    "18: a list of expectations", fields("Expect: 100-continue, x\r\n"), .expectationFailed),
  RefusalVector("18: an empty expectation", fields("Expect:\r\n"), .expectationFailed),
  RefusalVector("Connection is no list", fields("Connection: a b\r\n"), .badConnection),
  RefusalVector(
    "17 connection options",
    fields("Connection: " + (1...17).map { "x\($0)" }.joined(separator: ",") + "\r\n"),
    .badConnection),
]

let framingRefusals: [RefusalVector] = [
  RefusalVector(
    "length and chunked", fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
    .lengthAndChunked),
  RefusalVector(
    "chunked and length", fields("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"),
    .lengthAndChunked),
  RefusalVector(
    "two equal lengths", fields("Content-Length: 5\r\nContent-Length: 5\r\n"), .duplicateField),
  RefusalVector(
    "two lengths", fields("Content-Length: 5\r\nContent-Length: 6\r\n"), .duplicateField),
  RefusalVector("3: an empty length", fields("Content-Length:\r\n"), .badContentLength),
  RefusalVector("6: a list of lengths", fields("Content-Length: 5, 5\r\n"), .badContentLength),
  RefusalVector("6: a positive sign", fields("Content-Length: +5\r\n"), .badContentLength),
  RefusalVector("6: a negative sign", fields("Content-Length: -5\r\n"), .badContentLength),
  RefusalVector("6: a hexadecimal length", fields("Content-Length: 0x5\r\n"), .badContentLength),
  RefusalVector("6: an underscore", fields("Content-Length: 1_0\r\n"), .badContentLength),
  RefusalVector("6: a fraction", fields("Content-Length: 5.0\r\n"), .badContentLength),
  RefusalVector("6: a space inside", fields("Content-Length: 1 0\r\n"), .badContentLength),
  RefusalVector("6: digits above ASCII", fields("Content-Length: \u{B2}\r\n"), .badContentLength),
  RefusalVector(
    "a length above 63 bits", fields("Content-Length: 9223372036854775808\r\n"), .badContentLength),
  RefusalVector(
    "a length above 64 bits", fields("Content-Length: 18446744073709551621\r\n"),
    .badContentLength),
  RefusalVector(
    "4: a vertical tab", fields("Transfer-Encoding: \u{B}chunked\r\n"), .controlCharacter),
  RefusalVector("4: an empty coding", fields("Transfer-Encoding:\r\n"), .badTransferEncoding),
  RefusalVector(
    "4: a stray comma", fields("Transfer-Encoding: ,chunked\r\n"), .badTransferEncoding),
  RefusalVector(
    "4: a parameter", fields("Transfer-Encoding: chunked;a=b\r\n"), .badTransferEncoding),
  RefusalVector("4: quotes", fields("Transfer-Encoding: \"chunked\"\r\n"), .badTransferEncoding),
  RefusalVector("4: a prefix", fields("Transfer-Encoding: xchunked\r\n"), .unknownTransferCoding),
  RefusalVector(
    "11: chunked is not last", fields("Transfer-Encoding: chunked, gzip\r\n"),
    .badTransferEncoding),
  RefusalVector(
    "11: chunked twice", fields("Transfer-Encoding: chunked, chunked\r\n"), .badTransferEncoding),
  RefusalVector(
    "11: chunked in two lines",
    fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), .badTransferEncoding),
  RefusalVector(
    "11: chunked, then identity",
    fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
    .badTransferEncoding),
  RefusalVector("19: identity", fields("Transfer-Encoding: identity\r\n"), .unknownTransferCoding),
  RefusalVector(
    "19: gzip and chunked", fields("Transfer-Encoding: gzip, chunked\r\n"),
    .unknownTransferCoding),
  RefusalVector(
    "15: chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    .chunkedInHTTP10),
  RefusalVector(
    "a body for TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
    .bodyNotAllowed),
]

/// 35: no client decides which fields of ours go missing.
let connectionRefusals: [RefusalVector] = [
  "Host", "Authorization", "Content-Length", "Transfer-Encoding", "X-Forwarded-For",
  "x-forwarded-HOST", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "X-Request-ID",
  "traceparent", "tracestate", "Cookie", "Via", "Origin", "Content-Type", "Client-Cert",
].map {
  RefusalVector(
    "35: \($0)", fields("Connection: close, \($0)\r\n"), .protectedConnectionOption)
}

let hostRefusals: [RefusalVector] = [
  "", "a b", "a,b", "a/b", "a?b", "a#b", "a@b", "u:p@a", "a:", "a:x", "a:0", "a:65536", "a:080808",
  "a:80:80", ":80", ".", "..", "a..b", ".a", "\u{E9}", "%61", "[::1", "::1", "[]", "[:]", "[:::]",
  "[1:2:3:4:5:6:7:8:9]", "[::1%25eth0]", "[v1.a]", "[12345::]", "[::256.1.1.1]", "[::1]a", "a\\b",
  String(repeating: "a", count: 64), String(repeating: "a.", count: 127) + "a",
].map { RefusalVector("host \($0)", "GET / HTTP/1.1\r\nHost: \($0)\r\n\r\n", .badHost) }

let allRefusals =
  requestLineRefusals + fieldRefusals + framingRefusals + connectionRefusals + hostRefusals

func longName(_ count: Int) -> String { String(repeating: "n", count: count) + ": x\r\n" }
