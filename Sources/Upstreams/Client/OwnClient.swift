// Asks a server for one thing over a connection of its own: for what the gateway wants to know by
// itself, on Control's loop. It follows no redirect and keeps nothing.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import TLS
import Transport

/// Sends one request at a time, on the loop that it was made on.
package final class OwnClient {
  private let resources: WorkerResources
  private let waiter: Waiter
  private let response = ResponseHead(fields: FieldSection(addedBytesMax: 64))

  /// - Parameter waiter: parks the task that asks; cancelling it ends a request.
  package init(resources: WorkerResources, waiter: Waiter) {
    self.resources = resources
    self.waiter = waiter
  }

  /// Whether a connection can be made: returns when it stands, its TLS handshake included.
  package func connect(
    to address: SocketAddress, context: TLSClientContext?, until deadline: Instant
  ) async throws(OwnRequestError) {
    try await open(address, context, deadline).close(isAborting: false)
  }

  /// Sends a request and reads its answer.
  ///
  /// - Parameters:
  ///   - context: nil for clear text. It offers HTTP/1.1 and nothing else.
  ///   - deadline: for all of it, from the connection to the last byte.
  package func ask(
    _ request: OwnRequest, at address: SocketAddress, context: TLSClientContext?,
    until deadline: Instant
  ) async throws(OwnRequestError) -> OwnAnswer {
    let transport = try await open(address, context, deadline)
    defer { transport.close(isAborting: false) }
    let head = request.head
    do throws(TransportError) {
      try transport.send(head.span)
      try await transport.drain(waiter: waiter, until: deadline)
    } catch { throw OwnRequestError(error) }
    let input = resources.buffers.borrow()
    defer {
      response.reset()
      resources.buffers.giveBack(input)
    }
    try await readHead(transport, input, deadline)
    let fields = response.fields
    let named = fields.entries.indices.map { index in
      (name: fields.name(at: index).text.lowercased(), value: fields.value(at: index).text)
    }
    guard let bodyMax = request.bodyMax else {
      return OwnAnswer(status: response.status, fields: named, body: [])
    }
    var body = OwnBody(response.framing, bytesMax: bodyMax)
    while try !body.take(from: input) {
      guard try await read(transport, input, deadline) else {
        guard response.framing == .untilClose else { throw .closed }
        break
      }
    }
    return OwnAnswer(status: response.status, fields: named, body: body.bytes)
  }

  private func open(
    _ address: SocketAddress, _ context: TLSClientContext?, _ deadline: Instant
  ) async throws(OwnRequestError) -> Transport {
    let socket: Socket
    do throws(SystemError) {
      socket = try Connecting.start(to: address, on: resources.loop)
    } catch { throw .broken(error.description) }
    socket.observer = waiter
    guard let transport = transport(over: socket, context) else {
      socket.close()
      throw .broken("a TLS session cannot be made")
    }
    do throws(OwnRequestError) {
      try await finishOpening(transport, deadline)
      return transport
    } catch {
      transport.close(isAborting: false)
      throw error
    }
  }

  private func finishOpening(
    _ transport: Transport, _ deadline: Instant
  ) async throws(OwnRequestError) {
    do throws(TransportError) {
      while !transport.socket.isWritable { try await transport.wait(waiter, until: deadline) }
    } catch { throw OwnRequestError(error) }
    if let error = transport.socket.connectError() { throw .broken(error.description) }
    do throws(TransportError) {
      try await transport.handshake(waiter: waiter, until: deadline)
    } catch { throw OwnRequestError(error) }
  }

  private func transport(over socket: Socket, _ context: TLSClientContext?) -> Transport? {
    guard let context else { return Transport(socket: socket, pending: resources.pending) }
    do throws(TLSError) {
      let session = try TLSSession(connecting: context, scratch: resources.tls)
      return Transport(
        socket: socket, session: session, scratch: resources.tls, pending: resources.pending)
    } catch { return nil }
  }

  /// Reads up to the end of the final head.
  private func readHead(
    _ transport: Transport, _ input: Buffer, _ deadline: Instant
  ) async throws(OwnRequestError) {
    var parser = ResponseParser(limits: .response)
    var interims = 0
    while true {
      let progress: ParseProgress
      do throws(HTTP1Error) {
        progress = try parser.parse(input, into: response, answering: .get)
      } catch { throw .notHTTP("\(error.reason)") }
      switch progress {
      case .done where response.status >= 200: return
      case .done:
        interims += 1
        guard interims <= UpstreamConnection.interimMax else { throw .endless }
        response.reset()
      case .needsMore:
        guard try await read(transport, input, deadline) else { throw .closed }
      }
    }
  }

  /// Waits for more bytes; false when the server has closed.
  private func read(
    _ transport: Transport, _ input: Buffer, _ deadline: Instant
  ) async throws(OwnRequestError) -> Bool {
    if input.isEmpty { input.clear() } else if input.freeCount == 0 { input.compact() }
    do throws(TransportError) {
      return try await transport.read(into: input, waiter: waiter, until: deadline) > 0
    } catch { throw OwnRequestError(error) }
  }
}

/// The body of an answer as it gathers.
private struct OwnBody {
  private(set) var bytes: [UInt8] = []
  private let bytesMax: Int
  /// Bytes still to come; nil for chunks, and `.max` until the server closes.
  private var left: UInt64?
  private var decoder = ChunkedDecoder(limits: ChunkLimits(), trailers: .trailers)

  init(_ framing: BodyFraming, bytesMax: Int) {
    self.bytesMax = bytesMax
    switch framing {
    case .none: left = 0
    case .length(let length): left = length
    case .chunked: left = nil
    case .untilClose: left = .max
    }
  }

  /// Takes what has come. Returns whether the body is complete.
  mutating func take(from input: Buffer) throws(OwnRequestError) -> Bool {
    guard let left else { return try takeChunks(from: input) }
    let count = Int(clamping: min(UInt64(input.count), left))
    try keep(count, of: input)
    self.left = left == .max ? .max : left - UInt64(count)
    return self.left == 0
  }

  private mutating func takeChunks(from input: Buffer) throws(OwnRequestError) -> Bool {
    do throws(HTTP1Error) {
      while true {
        switch try decoder.next(input) {
        case .needsMore: return false
        case .data(let count):
          guard bytes.count + count <= bytesMax else { break }
          bytes += input.bytes.extracting(0..<count).array
          decoder.take(count, from: input)
          continue
        case .trailers:
          let fields = FieldSection(addedBytesMax: 1)
          return try decoder.parseTrailers(input, into: fields) == .done
        case .end: return true
        }
        break
      }
    } catch { throw .notHTTP("\(error.reason)") }
    throw .bodyTooLarge
  }

  private mutating func keep(_ count: Int, of input: Buffer) throws(OwnRequestError) {
    guard bytes.count + count <= bytesMax else { throw .bodyTooLarge }
    bytes += input.bytes.extracting(0..<count).array
    input.consume(count)
  }
}

extension OwnRequestError {
  init(_ error: TransportError) {
    switch error {
    case .timedOut: self = .timedOut
    case .cancelled: self = .cancelled
    case .closed: self = .closed
    case .broken(let error): self = .broken(error.description)
    case .insecure(let error): self = .broken(error.text)
    }
  }
}
