// An SRV record: one of the places where a service is. RFC 2782.

import Bytes

/// Where a service is found, and how often.
package struct ServicePlace: Sendable, Hashable {
  /// The lowest that has a server in use is asked.
  package let priority: UInt16
  /// The share among places of one priority.
  package let weight: UInt16
  package let port: UInt16
  /// A host name in lower case.
  package let target: String

  package init(priority: UInt16, weight: UInt16, port: UInt16, target: String) {
    self.priority = priority
    self.weight = weight
    self.port = port
    self.target = target
  }

  /// Reads a record's data; nil for the root as its target, which says that there is no such
  /// service.
  init?(_ message: borrowing Span<UInt8>, _ range: Range<Int>) throws(DNSAnswerError) {
    guard range.count >= 7 else { throw .badRecord }
    var offset = range.lowerBound + 6
    let name = try DNSName(message, at: &offset)
    guard offset == range.upperBound else { throw .badRecord }
    guard !name.bytes.isEmpty else { return nil }
    guard let target = name.hostName else { throw .badName }
    priority = DNSAnswer.number(message, at: range.lowerBound)
    weight = DNSAnswer.number(message, at: range.lowerBound + 2)
    port = DNSAnswer.number(message, at: range.lowerBound + 4)
    guard port > 0 else { throw .badRecord }
    self.target = target
  }
}

extension DNSName {
  /// The name with dots; nil when a label has what no host name has.
  var hostName: String? {
    var text: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let end = index + 1 + Int(bytes[index])
      if !text.isEmpty { text.append(UInt8(ascii: ".")) }
      for byte in bytes[index + 1..<end] {
        guard
          ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_")
        else { return nil }
        text.append(byte)
      }
      index = end
    }
    return String(decoding: text, as: UTF8.self)
  }
}
