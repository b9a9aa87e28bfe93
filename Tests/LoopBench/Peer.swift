// The other end of a connection, which a test moves step by step: a client, or an origin's server.

import Bytes
import Engine
import Transport

/// A stream socket with waiting reads and writes. Every step has a deadline.
package final class Peer {
  package let transport: Transport
  package let waiter: Waiter
  private let loop: EventLoop
  private let buffer = Buffer(capacity: 128 * 1024)

  package init(_ transport: Transport, on loop: EventLoop) {
    self.transport = transport
    self.loop = loop
    waiter = Waiter(on: loop)
    transport.socket.observer = waiter
  }

  deinit { transport.close(isAborting: true) }

  package var socket: Socket { transport.socket }

  private var deadline: Instant { loop.now.advanced(milliseconds: Bench.patience) }

  // MARK: Sending

  package func send(_ text: String) async throws(TransportError) {
    try await send(Array(text.utf8))
  }

  package func send(_ bytes: [UInt8]) async throws(TransportError) {
    var sent = 0
    while sent < bytes.count {
      let count = min(bytes.count - sent, 64 * 1024)
      try transport.send(bytes.span.extracting(sent..<sent + count))
      sent += count
      try await transport.drain(waiter: waiter, until: deadline)
    }
  }

  // MARK: Receiving

  /// The text in front of `mark`, which is read too.
  @discardableResult
  package func read(through mark: String) async throws(TransportError) -> String {
    let wanted = Array(mark.utf8)
    while true {
      let window = self.window
      if let end = Self.end(of: wanted, in: window) {
        buffer.consume(end)
        return String(decoding: window[..<(end - wanted.count)], as: UTF8.self)
      }
      guard try await receive() > 0 else { throw .closed }
    }
  }

  /// Exactly `count` bytes.
  package func read(count: Int) async throws(TransportError) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let taken = min(count - bytes.count, buffer.count)
      let window = self.window
      bytes += window[..<taken]
      buffer.consume(taken)
      if bytes.count == count { return bytes }
      guard try await receive() > 0 else { throw .closed }
    }
  }

  /// Everything until the peer closes.
  package func readToEnd() async throws(TransportError) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let window = self.window
      bytes += window
      buffer.clear()
      if try await receive() == 0 { return bytes }
    }
  }

  /// Whether the peer closes, in whatever way, before it sends anything more.
  package func isEnded() async -> Bool {
    guard buffer.isEmpty else { return false }
    do throws(TransportError) {
      return try await receive() == 0
    } catch {
      if case .broken = error { return true }
      return false
    }
  }

  /// Whether bytes are there that no step has read.
  package var hasUnread: Bool {
    if case .count = transport.receive(into: room()) { return true }
    return !buffer.isEmpty
  }

  private var window: [UInt8] {
    let buffer = buffer
    let bytes = buffer.bytes
    return bytes.array
  }

  private func receive() async throws(TransportError) -> Int {
    try await transport.read(into: room(), waiter: waiter, until: deadline)
  }

  private func room() -> Buffer {
    if buffer.isEmpty { buffer.clear() } else { buffer.compact() }
    return buffer
  }

  private static func end(of mark: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= mark.count else { return nil }
    for start in 0...bytes.count - mark.count
    where bytes[start] == mark[0] && bytes[start..<start + mark.count].elementsEqual(mark) {
      return start + mark.count
    }
    return nil
  }

  // MARK: Ending

  package func endSending() { transport.endSending() }
  package func close() { transport.close(isAborting: false) }
  package func reset() { transport.close(isAborting: true) }
}
