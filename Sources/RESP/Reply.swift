// What a Redis server answers, RESP2: https://redis.io/docs/latest/develop/reference/protocol-spec.

/// One reply, whole.
package enum Reply: Sendable, Equatable {
  case integer(Int64)
  /// A bulk string or a simple one.
  case text([UInt8])
  /// The whole line, such as `NOSCRIPT No matching script`.
  case error([UInt8])
  case array([Reply])
  case null

  /// Whether it is an error whose first word is `code`.
  package func isError(_ code: StaticString) -> Bool {
    guard case .error(let line) = self else { return false }
    let size = code.utf8CodeUnitCount
    guard line.count >= size, line.count == size || line[size] == UInt8(ascii: " ") else {
      return false
    }
    return String(decoding: line[..<size], as: UTF8.self) == code.description
  }
}

/// What a server sent is no reply, or more than we take.
package enum ReplyError: Error, Equatable {
  case malformed
  case outOfMemory
}
