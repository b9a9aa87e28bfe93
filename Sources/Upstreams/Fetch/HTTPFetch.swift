// One request of the gateway's own, on a connection of its own, and its answer: what checks, keys
// and verdicts are asked with. RFC 9110. Nothing is followed and nothing is tried again.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import TLS
import Transport

/// What is asked, whole.
package struct FetchRequest: Sendable {
  package enum Body: Sendable {
    /// The head is all that matters.
    case ignored
    /// At most so many bytes.
    case upTo(Int)
  }

  package let method: Method
  /// Head and body as they are sent.
  package let text: [UInt8]
  package let body: Body
  /// Names of the answer's fields that are kept, in lower case.
  package let wantedFields: [[UInt8]]

  package init(
    _ method: Method, text: [UInt8], body: Body, wantedFields: [[UInt8]] = []
  ) {
    self.method = method
    self.text = text
    self.body = body
    self.wantedFields = wantedFields
  }
}

/// What came back.
package struct FetchAnswer: Sendable {
  package let status: UInt16
  package let fields: [(name: [UInt8], value: [UInt8])]
  package let body: [UInt8]
}

/// Asks servers one after the other, on the loop that it was made on.
package final class HTTPFetch {
  private let resources: WorkerResources
  private let waiter: Waiter
  private let response = ResponseHead(fields: FieldSection(addedBytesMax: 64))

  /// - Parameter waiter: parks the task that asks; cancelling it ends a request.
  package init(resources: WorkerResources, waiter: Waiter) {
    self.resources = resources
    self.waiter = waiter
  }

  /// Connects, and asks when there is something to ask.
  /// - Parameters:
  ///   - context: nil for clear text.
  ///   - request: nil when a connection is enough: then the answer has the status 0.
  package func answer(
    of address: SocketAddress, context: TLSClientContext?, to request: FetchRequest?,
    until deadline: Instant
  ) async throws(FetchFault) -> FetchAnswer {
    let transport = try open(address, context)
    defer { transport.close(isAborting: false) }
    do throws(TransportError) {
      while !transport.socket.isWritable { try await transport.wait(waiter, until: deadline) }
      if let error = transport.socket.connectError() { throw .broken(error) }
      try await transport.handshake(waiter: waiter, until: deadline)
      if let request {
        try transport.send(request.text.span)
        try await transport.drain(waiter: waiter, until: deadline)
      }
    } catch { throw FetchFault(error) }
    guard let request else { return FetchAnswer(status: 0, fields: [], body: []) }
    return try await read(transport, request, until: deadline)
  }

  private func open(
    _ address: SocketAddress, _ context: TLSClientContext?
  ) throws(FetchFault) -> Transport {
    let socket: Socket
    do throws(SystemError) {
      socket = try Connecting.start(to: address, on: resources.loop)
    } catch { throw .broken(error) }
    socket.observer = waiter
    guard let context else { return Transport(socket: socket, pending: resources.pending) }
    do throws(TLSError) {
      let session = try TLSSession(connecting: context, scratch: resources.tls)
      return Transport(
        socket: socket, session: session, scratch: resources.tls, pending: resources.pending)
    } catch {
      socket.close()
      throw .insecure(error)
    }
  }

  private func read(
    _ transport: Transport, _ request: FetchRequest, until deadline: Instant
  ) async throws(FetchFault) -> FetchAnswer {
    let input = resources.buffers.borrow()
    defer {
      response.reset()
      resources.buffers.giveBack(input)
    }
    try await readHead(transport, input, request.method, until: deadline)
    let fields = wanted(request.wantedFields)
    var body: [UInt8] = []
    if case .upTo(let max) = request.body {
      var reader = FetchedBody(response.framing, bytesMax: max)
      while try !reader.take(from: input) {
        if try await more(transport, input, until: deadline) == 0 {
          guard reader.endsWithConnection else { throw .closed }
          break
        }
      }
      body = reader.bytes
    }
    return FetchAnswer(status: response.status, fields: fields, body: body)
  }

  private func readHead(
    _ transport: Transport, _ input: Buffer, _ method: Method, until deadline: Instant
  ) async throws(FetchFault) {
    var parser = ResponseParser(limits: .response)
    var interims = 0
    while true {
      let progress: ParseProgress
      do throws(HTTP1Error) {
        progress = try parser.parse(input, into: response, answering: method)
      } catch { throw .notHTTP(error) }
      switch progress {
      case .done where response.status >= 200: return
      case .done:
        interims += 1
        guard interims <= UpstreamConnection.interimMax else { throw .endless }
        response.reset()
      case .needsMore:
        if try await more(transport, input, until: deadline) == 0 { throw .closed }
      }
    }
  }

  private func more(
    _ transport: Transport, _ input: Buffer, until deadline: Instant
  ) async throws(FetchFault) -> Int {
    if input.isEmpty { input.clear() } else if input.freeCount == 0 { input.compact() }
    do throws(TransportError) {
      return try await transport.read(into: input, waiter: waiter, until: deadline)
    } catch { throw FetchFault(error) }
  }

  /// Copies, since the body takes the place of the head.
  private func wanted(_ names: [[UInt8]]) -> [(name: [UInt8], value: [UInt8])] {
    let fields = response.fields
    var found: [(name: [UInt8], value: [UInt8])] = []
    for name in names {
      guard let index = fields.first(named: name.span, from: 0) else { continue }
      let value = fields.value(at: index)
      found.append((name, value.array))
    }
    return found
  }
}

/// Why there is no answer.
package enum FetchFault: Error {
  case timedOut, cancelled, closed, endless, tooLarge
  case broken(SystemError)
  case insecure(TLSError)
  case notHTTP(HTTP1Error)

  init(_ error: TransportError) {
    self =
      switch error {
      case .timedOut: .timedOut
      case .cancelled: .cancelled
      case .closed: .closed
      case .broken(let error): .broken(error)
      case .insecure(let error): .insecure(error)
      }
  }

  /// In words for the log.
  /// - Parameter milliseconds: how long was waited.
  package func text(within milliseconds: UInt64) -> String {
    switch self {
    case .timedOut: "no answer within \(milliseconds) ms"
    case .cancelled: "the check was ended"
    case .closed: "the server closed the connection"
    case .endless: "its answer does not come to an end"
    case .tooLarge: "its answer is too large"
    case .broken(let error): error.description
    case .insecure(let error): error.text
    case .notHTTP(let error): "its answer is no HTTP: \(error.reason)"
    }
  }
}
