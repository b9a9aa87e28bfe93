// The reader of DNS answers: what it takes, what it refuses, and that no bytes make it trap.

import Bytes
import Testing

@testable import Upstreams

struct DNSAnswerTests {
  private static func read(
    _ bytes: [UInt8], _ type: DNSAnswer.RecordType = .a
  ) throws(DNSAnswerError) -> DNSAnswer {
    try DNSAnswer(bytes.span, to: type)
  }

  private static func error(_ bytes: [UInt8], _ type: DNSAnswer.RecordType = .a) -> DNSAnswerError?
  {
    do throws(DNSAnswerError) {
      _ = try read(bytes, type)
      return nil
    } catch {
      return error
    }
  }

  /// Two aliases and two addresses, with a pointer, out of order, and a record of another type.
  private static var chained: DNSMessage {
    var message = DNSMessage(answers: 6)
    message.append(owner: "c.example", a: [192, 0, 2, 1], ttl: 60)
    message.append(pointer: 12)
    message.append(type: 5, ttl: 300, value: [1, 0x62] + [0xC0, 14])
    message.append(name: "x.example")
    message.append(type: 16, ttl: 5, value: [3, 1, 2, 3])
    message.append(owner: "B.EXAMPLE", alias: "c.example", ttl: 40)
    message.append(owner: "C.Example", a: [192, 0, 2, 2], ttl: 50)
    message.append(owner: "other.example", a: [192, 0, 2, 3], ttl: 1)
    return message
  }

  @Test func `addresses behind aliases are found with the shortest life on the way`() throws {
    let answer = try Self.read(Self.chained.bytes)
    #expect(answer.addresses.map { "\($0)" } == ["192.0.2.1", "192.0.2.2"])
    #expect(answer.ttl == 40)
  }

  @Test func `an IPv6 address is read`() throws {
    var message = DNSMessage(answers: 1, type: .aaaa)
    message.append(pointer: 12)
    message.append(
      type: 28, ttl: 9, value: [0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1])
    let answer = try Self.read(message.bytes, .aaaa)
    #expect(answer.addresses.map { "\($0)" } == ["2001:db8::1"])
    #expect(Self.error(message.bytes, .a) == .notAnAnswer)
  }

  @Test func `a message that is cut anywhere is refused`() {
    let bytes = Self.chained.bytes
    for count in 0..<bytes.count {
      #expect(Self.error(Array(bytes[..<count])) == .cutShort, "\(count) bytes")
    }
  }

  @Test(
    arguments: [
      (0x0180, .notAnAnswer), (0x8980, .notAnAnswer), (0x8380, .truncated), (0x8183, .noName),
      (0x8182, .refused(2)), (0x8185, .refused(5)),
    ] as [(UInt16, DNSAnswerError)])
  func `the header is believed when it says no`(flags: UInt16, error: DNSAnswerError) {
    var message = DNSMessage(flags: flags, answers: 1)
    message.append(owner: "a.example", a: [192, 0, 2, 1], ttl: 60)
    #expect(Self.error(message.bytes) == error)
  }

  @Test func `a pointer to itself, forward or in a circle is refused`() {
    for target in [UInt16(27), 28, 29, 200, 0x3FFF] {
      var message = DNSMessage(answers: 1)
      #expect(message.bytes.count == 27)
      message.append(pointer: target)
      message.append(type: 1, ttl: 1, value: [1, 2, 3, 4])
      #expect(Self.error(message.bytes) == .badName, "\(target)")
    }
    // Two aliases whose values point at each other.
    var message = DNSMessage(answers: 1)
    message.append(pointer: 12)
    message.append(type: 5, ttl: 1, value: [1, 0x62, 0xC0, UInt8(message.bytes.count + 10)])
    #expect(Self.error(message.bytes) == .badName)
  }

  @Test func `labels of unknown kinds and names over 255 bytes are refused`() {
    for kind in [UInt8(0x40), 0x80, 0xBF] {
      var message = DNSMessage(answers: 1)
      message.append(type: UInt16(kind) << 8, ttl: 1, value: [1, 2, 3, 4])
      #expect(Self.error(message.bytes) == .badName)
    }
    let label = String(repeating: "x", count: 63)
    for (last, error) in [(61, DNSAnswerError.noAddress), (62, .badName)] {
      var message = DNSMessage(answers: 1)
      let name = [label, label, label, String(label.prefix(last))].joined(separator: ".")
      message.append(owner: name, a: [1, 2, 3, 4], ttl: 1)
      #expect(Self.error(message.bytes) == error)
    }
  }

  @Test func `a record whose length does not fit is refused`() {
    for count in [0, 3, 5] {
      var message = DNSMessage(answers: 1)
      message.append(name: "a.example")
      message.append(type: 1, ttl: 1, value: [UInt8](repeating: 1, count: count))
      #expect(Self.error(message.bytes) == .badRecord)
    }
    var message = DNSMessage(answers: 1)
    message.append(name: "a.example")
    message.append(type: 5, ttl: 1, value: [1, 0x62, 0, 9])
    #expect(Self.error(message.bytes) == .badRecord)
  }

  @Test func `counts that the message does not hold are refused`() {
    var message = DNSMessage(answers: 0xFFFF)
    message.append(owner: "a.example", a: [192, 0, 2, 1], ttl: 60)
    #expect(Self.error(message.bytes) == .cutShort)
  }

  @Test func `256 records are read and 257 are not`() throws {
    func message(_ count: Int) -> [UInt8] {
      var message = DNSMessage(answers: UInt16(count))
      for index in 0..<count {
        message.append(pointer: 12)
        message.append(type: 1, ttl: 1, value: [10, 0, UInt8(index >> 8), UInt8(index & 255)])
      }
      return message.bytes
    }
    #expect(try Self.read(message(256)).addresses.count == 256)
    #expect(Self.error(message(257)) == .tooManyRecords)
  }

  @Test func `8 aliases are followed and 9 or a circle are not`() throws {
    func message(_ count: Int) -> [UInt8] {
      var message = DNSMessage(answers: UInt16(count + 1), name: "n0")
      for index in 0..<count { message.append(owner: "n\(index)", alias: "n\(index + 1)", ttl: 1) }
      message.append(owner: "n\(count)", a: [1, 2, 3, 4], ttl: 1)
      return message.bytes
    }
    #expect(try Self.read(message(8)).addresses.count == 1)
    #expect(Self.error(message(9)) == .tooManyAliases)
    var circle = DNSMessage(answers: 2, name: "x")
    circle.append(owner: "x", alias: "y", ttl: 1)
    circle.append(owner: "y", alias: "x", ttl: 1)
    #expect(Self.error(circle.bytes) == .tooManyAliases)
  }

  @Test func `a life with its highest bit set is none`() throws {
    var message = DNSMessage(answers: 1)
    message.append(owner: "a.example", a: [1, 2, 3, 4], ttl: 0x8000_0001)
    #expect(try Self.read(message.bytes).ttl == 0)
  }

  @Test func `no mutation makes the reader trap or run away`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    var readCount = 0
    for _ in 0..<30_000 {
      var bytes = Self.chained.bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) { Self.mutate(&bytes, &random) }
      do throws(DNSAnswerError) {
        let answer = try Self.read(bytes)
        readCount += 1
        #expect(!answer.addresses.isEmpty && answer.addresses.count <= 256, "seed \(seed)")
        #expect(answer.ttl <= UInt32(Int32.max), "seed \(seed)")
      } catch {
        continue
      }
    }
    #expect(readCount > 1_000, "seed \(seed): mutations that always break the header prove little")
  }

  private static func mutate(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
    guard !bytes.isEmpty else { return }
    let index = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<6, using: &random) {
    case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
    case 2: bytes[index] = [0, 0x3F, 0x40, 0xC0, 0xFF][Int.random(in: 0..<5, using: &random)]
    case 3: bytes.removeSubrange(index...)
    case 4: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
    default: bytes += bytes[index...]
    }
  }
}
