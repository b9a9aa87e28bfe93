// What a DNS answer can be wrong in, or say instead of an address. RFC 1035 section 4.

/// Why an answer gives no addresses.
package enum DNSAnswerError: Error, Sendable, Hashable {
  /// The message ends inside of something.
  case cutShort
  /// A name whose labels or pointers are not as RFC 1035 section 4.1.4 has them.
  case badName
  /// A record whose length does not fit its type.
  case badRecord
  /// Not an answer to one question for this type.
  case notAnAnswer
  /// The truncation bit is set, and what follows cannot be trusted to be whole.
  case truncated
  /// The server could not or would not answer: its RCODE. RFC 1035 section 4.1.1.
  case refused(UInt8)
  /// There is no such name.
  case noName
  /// The name has no record of this type.
  case noAddress
  /// More aliases than `DNSAnswer.aliasesMax`, or aliases in a circle.
  case tooManyAliases
  /// More records than `DNSAnswer.recordsMax`.
  case tooManyRecords
}
