// A DNS server on a loopback port that says what a test tells it to say, good or bad.

import Bytes
import Foundation
import Glibc
import Upstreams

/// One question, as it arrived.
struct DNSQuestion: Sendable {
  let id: UInt16
  let name: String
  let type: UInt16

  init?(_ bytes: [UInt8]) {
    guard bytes.count > 16 else { return nil }
    id = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
    var labels: [String] = []
    var index = 12
    while index < bytes.count, bytes[index] != 0 {
      let end = index + 1 + Int(bytes[index])
      guard end < bytes.count else { return nil }
      labels.append(String(decoding: bytes[index + 1..<end], as: UTF8.self))
      index = end
    }
    guard index + 2 < bytes.count else { return nil }
    name = labels.joined(separator: ".")
    type = UInt16(bytes[index + 1]) << 8 | UInt16(bytes[index + 2])
  }

  /// An answer with one address, or with none for the other family.
  func answer(a: [UInt8]? = nil, aaaa: [UInt8]? = nil, ttl: UInt32 = 60) -> [UInt8] {
    let value = type == 1 ? a : aaaa
    var message = reply(answers: value == nil ? 0 : 1)
    if let value {
      message.append(pointer: 12)
      message.append(type: type, ttl: ttl, value: value)
    }
    return message.bytes
  }

  /// An answer with the places of a service.
  func answer(places: [ServicePlace], ttl: UInt32) -> [UInt8] {
    var message = reply(answers: UInt16(places.count))
    for place in places { message.append(owner: name, place: place, ttl: ttl) }
    return message.bytes
  }

  func reply(flags: UInt16 = 0x8180, answers: UInt16) -> DNSMessage {
    DNSMessage(
      id: id, flags: flags, answers: answers, name: name,
      type: DNSAnswer.RecordType(rawValue: type) ?? .a)
  }
}

/// Answers each datagram with those that its script gives, in order; and over TCP, with the first.
final class DNSTestServer: Sendable {
  typealias Script = @Sendable (DNSQuestion) -> [[UInt8]]

  let port: UInt16
  private let datagrams: Int32
  private let streams: Int32
  private let counts = Locked<[String: Int]>([:])

  /// - Parameter overTCP: what is said there; nobody listens when it is nil.
  init(overTCP: Script? = nil, _ script: @escaping Script) throws {
    (datagrams, streams, port) = try Self.open(hasStreams: overTCP != nil)
    Thread.detachNewThread { self.serve(script) }
    if let overTCP { Thread.detachNewThread { self.serveStreams(overTCP) } }
  }

  /// Two sockets of one port. The kernel chooses it for datagrams; it may be taken for streams.
  private static func open(hasStreams: Bool) throws -> (Int32, Int32, UInt16) {
    for _ in 0..<50 {
      let datagrams = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
      guard let port = bound(datagrams, to: 0) else { throw POSIXError(.EADDRNOTAVAIL) }
      guard hasStreams else { return (datagrams, -1, port) }
      let streams = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      if bound(streams, to: port) != nil, listen(streams, 4) == 0 {
        return (datagrams, streams, port)
      }
      close(datagrams)
      close(streams)
    }
    throw POSIXError(.EADDRINUSE)
  }

  private static func bound(_ socket: Int32, to port: UInt16) -> UInt16? {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    // The kernel reads and writes an IPv4 address by its family, as with every socket address.
    let status = unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(socket, $0, length) == 0 ? getsockname(socket, $0, &length) : -1
      }
    }
    return status == 0 ? UInt16(bigEndian: address.sin_port) : nil
  }

  /// How often each `name/type` was asked for.
  var asked: [String: Int] { counts.withLock { $0 } }

  /// Ends the threads, which close their sockets.
  func stop() {
    shutdown(datagrams, Int32(SHUT_RDWR))
    if streams >= 0 { shutdown(streams, Int32(SHUT_RDWR)) }
  }

  /// One question per connection.
  private func serveStreams(_ script: Script) {
    defer { close(streams) }
    var block = [UInt8](repeating: 0, count: 1_024)
    while true {
      let connection = accept(streams, nil, nil)
      guard connection >= 0 else { return }
      defer { close(connection) }
      let count = unsafe read(connection, &block, block.count)
      guard count > 2, let question = DNSQuestion(Array(block[2..<count])) else { continue }
      counts.withLock { $0["\(question.name)/\(question.type)/tcp", default: 0] += 1 }
      for message in script(question).prefix(1) {
        let framed = [UInt8(message.count >> 8), UInt8(message.count & 255)] + message
        _ = unsafe write(connection, framed, framed.count)
      }
    }
  }

  private func serve(_ script: Script) {
    defer { close(datagrams) }
    var block = [UInt8](repeating: 0, count: 1_024)
    while true {
      var from = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      // The block and the address are local, and as long as the kernel is told.
      let count = unsafe withUnsafeMutablePointer(to: &from) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe recvfrom(datagrams, &block, block.count, 0, $0, &length)
        }
      }
      guard count > 0 else { return }
      guard let question = DNSQuestion(Array(block[..<count])) else { continue }
      counts.withLock { $0["\(question.name)/\(question.type)", default: 0] += 1 }
      for datagram in script(question) {
        unsafe withUnsafePointer(to: &from) {
          unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = unsafe sendto(datagrams, datagram, datagram.count, 0, $0, length)
          }
        }
      }
    }
  }
}
