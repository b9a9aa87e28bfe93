// Reads addresses, or the places of a service, out of a DNS message. c-ares has matched it to a
// query by id and question; nothing else in it is believed. Its own structures carry no TTL for
// every type, and a reader of our own can be fuzzed. RFC 1035 section 4.

import Bytes

/// What one answer gives, and for how long.
package struct DNSAnswer: Sendable, Hashable {
  package enum RecordType: UInt16, Sendable {
    case a = 1
    case aaaa = 28
    case srv = 33
  }

  /// Aliases from the name asked to the one that has addresses. Real chains have two or three.
  static let aliasesMax = 8
  /// Records of one answer: a message over TCP could hold thousands.
  static let recordsMax = 256

  package let addresses: [IPAddress]
  /// For a question for SRV records.
  package let places: [ServicePlace]
  /// Seconds that the shortest-lived of the records and the aliases before them lives.
  package let ttl: UInt32

  private enum Value {
    case address(IPAddress)
    case place(ServicePlace)
    case alias(DNSName)
  }

  private struct Record {
    let owner: DNSName
    let ttl: UInt32
    let value: Value
  }

  /// Reads `message` as the answer to one question for `type`.
  package init(_ message: borrowing Span<UInt8>, to type: RecordType) throws(DNSAnswerError) {
    let answerCount = try Self.readHeader(message)
    var offset = 12
    let asked = try Self.readQuestion(message, &offset, type)
    var records: [Record] = []
    for _ in 0..<answerCount {
      guard let record = try Self.readRecord(message, &offset, type) else { continue }
      guard records.count < Self.recordsMax else { throw .tooManyRecords }
      records.append(record)
    }
    self = try Self.follow(asked, records)
  }

  private init(addresses: [IPAddress], places: [ServicePlace], ttl: UInt32) {
    self.addresses = addresses
    self.places = places
    self.ttl = ttl
  }

  /// Checks the twelve bytes of the header, and gives the number of answer records.
  private static func readHeader(
    _ message: borrowing Span<UInt8>
  ) throws(DNSAnswerError) -> UInt16 {
    guard message.count >= 12 else { throw .cutShort }
    let (flags, codes) = (message[2], message[3])
    let isResponse = flags & 0x80 != 0
    let opcode = flags >> 3 & 0x0F
    guard isResponse, opcode == 0, number(message, at: 4) == 1 else { throw .notAnAnswer }
    guard flags & 0x02 == 0 else { throw .truncated }
    switch codes & 0x0F {
    case 0: return number(message, at: 6)
    case 3: throw .noName
    case let code: throw .refused(code)
    }
  }

  private static func readQuestion(
    _ message: borrowing Span<UInt8>, _ offset: inout Int, _ type: RecordType
  ) throws(DNSAnswerError) -> DNSName {
    let name = try DNSName(message, at: &offset)
    guard offset + 4 <= message.count else { throw .cutShort }
    let isAsked =
      number(message, at: offset) == type.rawValue && number(message, at: offset + 2) == 1
    guard isAsked else { throw .notAnAnswer }
    offset += 4
    return name
  }

  /// The next record, or nil when it is one that does not matter here.
  private static func readRecord(
    _ message: borrowing Span<UInt8>, _ offset: inout Int, _ type: RecordType
  ) throws(DNSAnswerError) -> Record? {
    let owner = try DNSName(message, at: &offset)
    guard offset + 10 <= message.count else { throw .cutShort }
    let (recordType, recordClass) = (number(message, at: offset), number(message, at: offset + 2))
    let ttl =
      UInt32(number(message, at: offset + 4)) << 16 | UInt32(number(message, at: offset + 6))
    let start = offset + 10
    let end = start + Int(number(message, at: offset + 8))
    guard end <= message.count else { throw .cutShort }
    offset = end
    guard recordClass == 1 else { return nil }
    // RFC 2181 section 8: a TTL with the highest bit set is zero.
    let lifetime = ttl >> 31 == 0 ? ttl : 0
    switch recordType {
    case RecordType.srv.rawValue where type == .srv:
      let place = try ServicePlace(message, start..<end)
      return place.map { Record(owner: owner, ttl: lifetime, value: .place($0)) }
    case type.rawValue:
      let address = try readAddress(message, start..<end, type)
      return Record(owner: owner, ttl: lifetime, value: .address(address))
    case 5:
      var position = start
      let alias = try DNSName(message, at: &position)
      guard position == end else { throw .badRecord }
      return Record(owner: owner, ttl: lifetime, value: .alias(alias))
    default:
      return nil
    }
  }

  private static func readAddress(
    _ message: borrowing Span<UInt8>, _ range: Range<Int>, _ type: RecordType
  ) throws(DNSAnswerError) -> IPAddress {
    var words: [UInt64] = [0, 0]
    switch type {
    case .a:
      guard range.count == 4 else { throw .badRecord }
      var number: UInt32 = 0
      for index in range { number = number << 8 | UInt32(message[index]) }
      return IPAddress(v4: number)
    case .aaaa:
      guard range.count == 16 else { throw .badRecord }
      for (position, index) in range.enumerated() {
        words[position / 8] = words[position / 8] << 8 | UInt64(message[index])
      }
      return IPAddress(high: words[0], low: words[1])
    case .srv: throw .badRecord
    }
  }

  /// Goes from the name asked over its aliases to its addresses, wherever in the message they
  /// stand.
  private static func follow(
    _ asked: DNSName, _ records: [Record]
  ) throws(DNSAnswerError) -> DNSAnswer {
    var name = asked
    var ttl = UInt32.max
    for _ in 0...aliasesMax {
      var addresses: [IPAddress] = []
      var places: [ServicePlace] = []
      var alias: DNSName?
      for record in records where record.owner == name {
        switch record.value {
        case .address(let address):
          if !addresses.contains(address) { addresses.append(address) }
          ttl = min(ttl, record.ttl)
        case .place(let place):
          if !places.contains(place) { places.append(place) }
          ttl = min(ttl, record.ttl)
        case .alias(let next):
          guard alias == nil else { continue }
          alias = next
          ttl = min(ttl, record.ttl)
        }
      }
      if !addresses.isEmpty || !places.isEmpty {
        return DNSAnswer(addresses: addresses, places: places, ttl: ttl)
      }
      guard let alias else { throw .noAddress }
      name = alias
    }
    throw .tooManyAliases
  }

  static func number(_ message: borrowing Span<UInt8>, at offset: Int) -> UInt16 {
    UInt16(message[offset]) << 8 | UInt16(message[offset + 1])
  }
}
