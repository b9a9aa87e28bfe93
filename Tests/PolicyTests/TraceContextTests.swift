// Traces go on or begin, and never carry what breaks the rules.

import HTTPMessage
import PolicyChain
import Testing

@testable import Policies

@Suite struct TraceContextTests {
  static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  static let span = "00f067aa0ba902b7"

  @Test(arguments: [
    ("00-\(trace)-\(span)-01", "01"), ("00-\(trace)-\(span)-00", "00"),
    ("00-\(trace)-\(span)-03", "03"), ("00-\(trace)-\(span)-ff", "03"),
    ("cc-\(trace)-\(span)-01-what-comes-later", "01"), ("cc-\(trace)-\(span)-01", "01"),
  ])
  func `a valid trace goes on with our span and the flags that we know`(
    value: String, flags: String
  ) throws {
    let test = try TestExchange(fields: ["traceparent: \(value)", "tracestate: a=1"])
    _ = try TraceContext().admit(test.exchange)
    #expect(try test.upstream("traceparent") == ["00-\(Self.trace)-0000000000000001-\(flags)"])
    #expect(try test.upstream("tracestate") == ["a=1"])
    #expect(test.text(test.exchange.traceID) == Self.trace)
    #expect(test.text(test.exchange.spanID) == "0000000000000001")
  }

  @Test(arguments: [
    "", "00", "ff-\(trace)-\(span)-01", "00-\(trace)-\(span)-01-x", "00-\(trace)-\(span)-0",
    "00-\(trace)-\(span)-0G", "00-\(trace.uppercased())-\(span)-01", "0G-\(trace)-\(span)-01",
    "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
    "00_\(trace)-\(span)-01", "cc-\(trace)-\(span)-01x", "00-\(trace)-\(span)",
    "FF-\(trace)-\(span)-01",
  ])
  func `an invalid trace is replaced, and its state with it`(value: String) throws {
    let test = try TestExchange(fields: ["traceparent: \(value)", "tracestate: a=1"])
    _ = try TraceContext().admit(test.exchange)
    #expect(
      try test.upstream("traceparent")
        == ["00-00000000000000010000000000000002-0000000000000003-02"])
    #expect(try test.upstream("tracestate").isEmpty)
  }

  @Test func `two parents are none`() throws {
    let value = "00-\(Self.trace)-\(Self.span)-01"
    let test = try TestExchange(fields: ["traceparent: \(value)", "traceparent: \(value)"])
    _ = try TraceContext().admit(test.exchange)
    #expect(try test.upstream("traceparent").count == 1)
    #expect(test.text(test.exchange.traceID) != Self.trace)
  }

  static let states: [(lines: [String], isValid: Bool)] = [
    (["a=1"], true), (["a=1,b=2"], true), (["a=1 , b=2", "c@d=3"], true), ([",a=1,,"], true),
    (["1a/b*_-=x y"], true), (["a"], false), (["=1"], false), (["a="], false), (["A=1"], false),
    (["a=1=2"], false), (["_a=1"], false), (["a=\u{e9}"], false),
    ([(0..<32).map { "k\($0)=1" }.joined(separator: ",")], true),
    ([(0..<33).map { "k\($0)=1" }.joined(separator: ",")], false),
    ([(0..<32).map { "k\($0)=1" }.joined(separator: ","), "z=1"], false),
    ([String(repeating: "k", count: 256) + "=" + String(repeating: "v", count: 256)], true),
    ([String(repeating: "k", count: 257) + "=1"], false),
    (["k=" + String(repeating: "v", count: 257)], false),
  ]

  @Test(arguments: states)
  func `state goes on only when every member is well-formed`(
    lines: [String], isValid: Bool
  ) throws {
    let test = try TestExchange(
      fields: ["traceparent: 00-\(Self.trace)-\(Self.span)-01"]
        + lines.map { "tracestate: \($0)" })
    _ = try TraceContext().admit(test.exchange)
    #expect(try test.upstream("tracestate").isEmpty == !isValid)
    #expect(test.text(test.exchange.traceID) == Self.trace)
  }
}
