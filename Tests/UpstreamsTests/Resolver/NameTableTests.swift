// The resolver's rules, with a clock that only moves when told.

import Bytes
import Engine
import Testing

@testable import Upstreams

struct NameTableTests {
  private static let one = [IPAddress(v4: 1)]
  private static let two = [IPAddress(v4: 1), IPAddress(v4: 2)]

  private static func at(_ milliseconds: UInt64) -> Instant {
    Instant(nanoseconds: milliseconds * 1_000_000)
  }

  private static func table(_ change: (inout NameTable.Limits) -> Void = { _ in }) -> NameTable {
    var limits = NameTable.Limits()
    change(&limits)
    return NameTable(limits: limits)
  }

  @Test(arguments: [(0, 1_000), (1, 1_000), (2, 2_000), (3_600, 3_600_000), (90_000, 3_600_000)])
  func `a life is held to between a second and an hour`(ttl: UInt32, milliseconds: UInt64) throws {
    var table = Self.table()
    #expect(table.find("a", at: Self.at(0)) == nil)
    #expect(table.takeDue(at: Self.at(0)) == ["a"])
    #expect(table.finish("a", .addresses(Self.one, ttl: ttl), at: Self.at(0)) == Self.one)
    let known = table.find("a", at: Self.at(1))
    #expect(try known?.get().expires == Self.at(milliseconds))
    #expect(table.find("a", at: Self.at(milliseconds)) == nil)
  }

  @Test func `a kept name is asked for again before it expires`() {
    var table = Self.table()
    #expect(table.keep(["a"], at: Self.at(0)).isEmpty)
    #expect(table.nextDue == Self.at(0))
    #expect(table.takeDue(at: Self.at(0)) == ["a"])
    #expect(table.takeDue(at: Self.at(0)) == [], "it is asked for once at a time")
    #expect(table.nextDue == .never)
    _ = table.finish("a", .addresses(Self.one, ttl: 10), at: Self.at(0))
    #expect(table.nextDue == Self.at(8_000))
    #expect(table.takeDue(at: Self.at(7_999)) == [])
    #expect(table.takeDue(at: Self.at(8_000)) == ["a"])
    #expect(table.finish("a", .addresses(Self.one, ttl: 10), at: Self.at(8_100)) == nil)
    #expect(table.takeDue(at: Self.at(16_100)) == ["a"])
    #expect(table.finish("a", .addresses(Self.two, ttl: 10), at: Self.at(16_100)) == Self.two)
  }

  @Test func `a name that nobody keeps is asked for again only when someone wants it`() {
    var table = Self.table()
    #expect(table.find("a", at: Self.at(0)) == nil)
    _ = table.takeDue(at: Self.at(0))
    _ = table.finish("a", .addresses(Self.one, ttl: 10), at: Self.at(0))
    #expect(table.nextDue == .never)
    #expect(table.takeDue(at: Self.at(20_000)) == [])
    #expect(table.find("a", at: Self.at(20_000)) == nil)
    #expect(table.takeDue(at: Self.at(20_000)) == ["a"])
  }

  @Test func `a failure keeps the last answer and is tried again later and later`() throws {
    var table = Self.table()
    _ = table.keep(["a"], at: Self.at(0))
    _ = table.takeDue(at: Self.at(0))
    _ = table.finish("a", .addresses(Self.one, ttl: 1), at: Self.at(0))
    var now: UInt64 = 800
    for pause: UInt64 in [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
      #expect(table.takeDue(at: Self.at(now)) == ["a"])
      #expect(table.finish("a", .failure(.noAddress), at: Self.at(now)) == nil)
      #expect(table.nextDue == Self.at(now + pause))
      let known = table.find("a", at: Self.at(now + pause - 1))
      #expect(try known?.get().addresses == Self.one)
      now += pause
    }
    _ = table.takeDue(at: Self.at(now))
    #expect(table.finish("a", .addresses(Self.one, ttl: 1), at: Self.at(now)) == nil)
    #expect(table.nextDue == Self.at(now + 800), "an answer ends the series of failures")
  }

  @Test func `a name that never had an answer gives its error until it is asked for again`() {
    var table = Self.table()
    #expect(table.find("a", at: Self.at(0)) == nil)
    _ = table.takeDue(at: Self.at(0))
    _ = table.finish("a", .failure(.noAddress), at: Self.at(0))
    #expect(table.find("a", at: Self.at(999)) == .failure(.noAddress))
    #expect(table.find("a", at: Self.at(1_000)) == nil)
  }

  @Test func `lookups at one time and names in all are limited`() {
    var table = Self.table {
      $0.lookupsMax = 2
      $0.namesMax = 3
    }
    #expect(table.keep(["a", "b", "c", "d"], at: Self.at(0)) == ["d"])
    #expect(table.takeDue(at: Self.at(0)) == ["a", "b"])
    #expect(table.takeDue(at: Self.at(0)) == [])
    _ = table.finish("a", .addresses(Self.one, ttl: 1), at: Self.at(0))
    #expect(table.takeDue(at: Self.at(0)) == ["c"])
    #expect(table.find("x", at: Self.at(0)) == .failure(.tooManyNames))
    #expect(table.keep(["b", "c"], at: Self.at(0)).isEmpty)
    #expect(table.find("x", at: Self.at(0)) == nil, "the name that is kept no more made room")
    #expect(table.count == 3)
  }
}
