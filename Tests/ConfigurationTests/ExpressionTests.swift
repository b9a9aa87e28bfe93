// Conditions: what is no condition is refused at its column, with what was meant.

import Testing

@testable import Configuration

@Suite struct ExpressionTests {
  @Test(arguments: [
    "method == 'GET'", "not method == \"GET\"", "client.ip in [10.0.0.0/8 fd00::/8]",
    "path.id == query.id", "has header.x-a and (cookie.b != 'c' or time < 2030-01-01)",
    "time.of-day > 08:00 and time.weekday in ['mon' 'tue']", "header.x-n in [1 -2 3]",
    "'admin' in identity.roles or identity.claims.a.b == header.x-tenant",
    "identity.scopes contains query.scope", "has identity.claims.team", "client.ip == 2001:db8::1",
    "((((method == 'GET'))))", "'it is \"quoted\"' == header.x-a",
  ])
  func `a condition is taken`(text: String) throws {
    #expect(try Expression(parsing: text).description == text)
  }

  @Test(arguments: [
    ("", "needs an attribute", 0..<0), ("method", "needs a comparison", 6..<6),
    ("method = 'GET'", "knows no '='", 7..<8), ("method == GET", "knows no 'GET'", 10..<13),
    ("method <= 'GET'", "knows no '<='", 7..<9), ("method == 'GET", "not closed", 10..<14),
    ("(method == 'GET'", "'(' that is not closed", 0..<1),
    ("method == 'GET')", "behind its end", 15..<16),
    ("method == 'GET' path == '/'", "behind its end", 16..<20),
    ("method == 'get'", "case-sensitive", 10..<15), ("method in 'GET'", "needs a list", 10..<15),
    ("method in []", "empty list", 10..<12), ("method in ['GET'", "not closed", 10..<11),
    ("method in ['GET' 1]", "a number in a list", 17..<18),
    ("header.x == 10.0.0.0/8", "cannot compare text with a network", 9..<11),
    ("client.ip == 'x'", "cannot compare an address with text", 10..<12),
    ("client.ip == 10.0.0.0/8", "compares an address with a network", 10..<12),
    ("client.ip in [10.0.0.1/8]", "must not have bits", 14..<24),
    ("client.ip < 3", "cannot compare an address", 10..<11),
    ("time == 2027-01-01", "meets no moment", 5..<7),
    ("time < 08:00", "cannot compare a moment with a time of day", 5..<6),
    ("time < 2027-02-30", "no number, network, date or time", 7..<17),
    ("time.weekday == 'monday'", "which it never is", 16..<24),
    ("tls.version == '1.3'", "which it never is", 15..<20),
    ("'a' == 'b'", "must have an attribute", 0..<3),
    ("'a' in ['a']", "must have an attribute", 0..<3),
    ("header.x == header.x", "with itself", 12..<20),
    ("has method", "which every request has", 4..<10),
    ("has 'x'", "for what is no attribute", 4..<7), ("hots == 'a'", "knows no 'hots'", 0..<4),
    ("tls.san == 'a'", "not in this version", 0..<7),
    ("identity.staff.subject == 'a'", "not in this version", 0..<22),
    ("identity.roles == 'a'", "cannot compare a list", 15..<17),
    ("listener == 'edge'", "takes no 'listener'", 0..<8), ("method == ; ", "out of place", 10..<11),
    ("method == 'GET' and", "needs an attribute", 19..<19), ("not", "needs an attribute", 3..<3),
    ("and == 'a'", "needs an attribute", 0..<3),
  ])
  func `what is none is refused where it goes wrong`(
    text: String, message: String, place: Range<Int>
  ) {
    do throws(ValueProblem) {
      _ = try Expression(parsing: text)
      Issue.record("'\(text)' was taken")
    } catch {
      #expect(error.reason?.contains(message) == true, "\(error.reason ?? "")")
      #expect(error.place == place)
    }
  }

  @Test func `length, comparisons and depth have their bounds`() {
    let one = "path == '/'"
    func problem(_ text: String) -> String? {
      do throws(ValueProblem) {
        _ = try Expression(parsing: text)
        return nil
      } catch { return error.reason }
    }
    let many = Array(repeating: one, count: Expression.testsMax).joined(separator: " or ")
    #expect(problem(many) == nil)
    #expect(problem(many + " or " + one)?.contains("comparisons") == true)
    let deep = Expression.depthMax - 1
    let nested = String(repeating: "(", count: deep) + one + String(repeating: ")", count: deep)
    #expect(problem(nested) == nil)
    #expect(problem("(\(nested))")?.contains("nests deeper") == true)
    let long = "path == '" + String(repeating: "a", count: Expression.scalarsMax)
    #expect(problem(long + "'")?.contains("longer than") == true)
  }

  @Test func `a finding in a string points into it, escapes counted`() {
    let value = ValueSyntax(
      .string("a \"b\" c"), at: SourceLocation(file: "f", line: 1, column: 10, length: 11))
    #expect(value.location(of: 0..<1).column == 11)
    #expect(value.location(of: 6..<7).column == 19)
    #expect(value.location(of: 2..<5).length == 5)
    // A wider escape leaves no way to count.
    let wide = ValueSyntax(
      .string("a b"), at: SourceLocation(file: "f", line: 1, column: 10, length: 10))
    #expect(wide.location(of: 2..<3) == wide.location)
  }

  @Test func `whatever stands in a condition is taken as written, or refused at a place within it`()
  {
    let parts = [
      "method", "path.id", "header.x", "query.", "client.ip", "identity.roles", "time", "'GET'",
      "\"a\"", "'", "[", "]", "(", ")", "==", "!=", "<=", "=", "<", "in", "contains", "not", "and",
      "or", "has", "matches-prefix", "12", "-1", "99999999999999999999", "10.0.0.0/8", "::/0",
      "2027-01-01", "25:00", "08:30", "\u{e4}", "\u{0}", "%", ",", "tls.san", "listener", "",
    ]
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    var taken = 0
    for _ in 0..<20_000 {
      let count = Int.random(in: 1...9, using: &random)
      let words = (0..<count).map { _ in parts[Int.random(in: 0..<parts.count, using: &random)] }
      let text = words.joined(separator: Bool.random(using: &random) ? " " : "")
      do throws(ValueProblem) {
        #expect(try Expression(parsing: text).description == text)
        taken += 1
      } catch {
        let place = error.place ?? 0..<0
        #expect(error.reason != nil && place.lowerBound >= 0, "seed \(seed): \(text)")
        #expect(place.upperBound <= text.unicodeScalars.count, "seed \(seed): \(text)")
      }
    }
    #expect(taken > 0)
  }
}
