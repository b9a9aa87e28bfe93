// Writes DNS messages for tests, also ones that no server should send.

import Upstreams

/// A message in the making.
struct DNSMessage {
  private(set) var bytes: [UInt8]

  /// A header and one question.
  init(
    id: UInt16 = 7, flags: UInt16 = 0x8180, answers: UInt16, name: String = "a.example",
    type: DNSAnswer.RecordType = .a
  ) {
    bytes = []
    for number in [id, flags, 1, answers, 0, 0] { append(number) }
    append(name: name)
    append(type.rawValue)
    append(1)
  }

  mutating func append(_ number: UInt16) {
    bytes += [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
  }

  mutating func append(name: String) {
    for label in name.split(separator: ".") {
      bytes += [UInt8(label.utf8.count)] + Array(label.utf8)
    }
    bytes.append(0)
  }

  mutating func append(pointer offset: UInt16) { append(0xC000 | offset) }

  /// A record whose owner has been appended before.
  mutating func append(type: UInt16, ttl: UInt32, value: [UInt8], count: UInt16? = nil) {
    for number in [type, 1, UInt16(ttl >> 16), UInt16(truncatingIfNeeded: ttl)] { append(number) }
    append(count ?? UInt16(value.count))
    bytes += value
  }

  mutating func append(owner: String, a: [UInt8], ttl: UInt32) {
    append(name: owner)
    append(type: 1, ttl: ttl, value: a)
  }

  mutating func append(owner: String, alias: String, ttl: UInt32) {
    append(name: owner)
    var value = DNSMessage.empty
    value.append(name: alias)
    append(type: 5, ttl: ttl, value: value.bytes)
  }

  mutating func append(owner: String, place: ServicePlace, ttl: UInt32) {
    append(name: owner)
    var value = DNSMessage.empty
    for number in [place.priority, place.weight, place.port] { value.append(number) }
    value.append(name: place.target)
    append(type: 33, ttl: ttl, value: value.bytes)
  }

  static var empty: DNSMessage {
    var message = DNSMessage(answers: 0)
    message.bytes.removeAll()
    return message
  }
}
