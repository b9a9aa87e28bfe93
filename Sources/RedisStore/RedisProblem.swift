// Why a connection to Redis ended, in words for the log.

import Bytes
import RESP
import Transport

/// A reason, without anything secret in it.
struct RedisProblem: Error {
  let text: String

  init(_ text: String) { self.text = text }

  init(_ error: TransportError) {
    switch error {
    case .broken(let error): text = "\(error)"
    case .insecure(let error): text = error.text
    case .timedOut: text = "it did not answer in time"
    case .cancelled: text = "it is not used any more"
    case .closed: text = "it closed the connection"
    }
  }

  /// What a server says is repeated only as far as it is plain text.
  init(answered line: [UInt8]) {
    let plain = line.prefix(RedisLimits.errorBytesMax).map { 32...126 ~= $0 ? $0 : 0x3F }
    text = "it answered: " + String(decoding: plain, as: UTF8.self)
  }

  static func wrapping<Result>(
    _ body: () async throws(TransportError) -> Result
  ) async throws(RedisProblem) -> Result {
    do throws(TransportError) { return try await body() } catch { throw RedisProblem(error) }
  }

  static func wrapping<Result>(
    _ body: () throws(ReplyError) -> Result
  ) throws(RedisProblem) -> Result {
    do throws(ReplyError) { return try body() } catch {
      throw RedisProblem("its replies cannot be read: \(error)")
    }
  }
}

extension ReplyReader {
  func take(_ bytes: Span<UInt8>) throws(RedisProblem) {
    do throws(ReplyError) { try feed(bytes) } catch {
      throw RedisProblem("it sent what is no reply, or too large a one")
    }
  }

  func nextReply() throws(RedisProblem) -> Reply? {
    do throws(ReplyError) { return try next() } catch {
      throw RedisProblem("it sent what is no reply, or too large a one")
    }
  }
}
