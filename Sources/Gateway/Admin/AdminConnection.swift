// One operator's connection: a request at a time, small answers.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import Transport

/// Serves one connection of the admin listener.
final class AdminConnection {
  /// For a head to arrive, an answer to be taken, or the next request to begin, in milliseconds.
  private static let timeout: UInt64 = 10_000

  private let transport: Transport
  private let resources: WorkerResources
  private let answer: (AdminRequest) async -> AdminAnswer
  private let waiter: Waiter
  private let request = Request(fields: FieldSection(addedBytesMax: 1024))
  private let response = ResponseHead(fields: FieldSection(addedBytesMax: 1024))
  private let input: Buffer

  init(
    _ transport: Transport, _ resources: WorkerResources,
    answer: @escaping (AdminRequest) async -> AdminAnswer
  ) {
    self.transport = transport
    self.resources = resources
    self.answer = answer
    waiter = Waiter(on: resources.loop)
    input = resources.buffers.borrow()
    transport.socket.observer = waiter
  }

  func serve() async {
    var goesOn = true
    while goesOn {
      // When the operator left, or was too slow, there is nobody to tell.
      do throws(TransportError) { goesOn = try await serveRequest() } catch { goesOn = false }
    }
    request.reset()
    response.reset()
    resources.buffers.giveBack(input)
    transport.close(isAborting: false)
    waiter.retire()
  }

  /// Returns whether the connection may go on.
  private func serveRequest() async throws(TransportError) -> Bool {
    request.reset()
    if input.isEmpty { input.clear() } else { input.compact() }
    var parser = RequestParser(limits: .request, rules: RequestRules())
    let deadline = resources.loop.now.advanced(milliseconds: Self.timeout)
    do throws(HTTP1Error) {
      while try parser.parse(input, into: request) == .needsMore {
        do throws(TransportError) {
          let count = try await transport.read(into: input, waiter: waiter, until: deadline)
          if count == 0 { return false }
        } catch { return false }
      }
    } catch {
      try await send(.text(error.status, "\(error.reason)\n"), keepsAlive: false)
      return false
    }
    // A body is not read, so the connection cannot go on behind it.
    let keepsAlive = request.keepsAlive && request.framing == .none
    try await send(await respond(), keepsAlive: keepsAlive)
    return keepsAlive
  }

  private func respond() async -> AdminAnswer {
    let request = request
    // A page in a browser can reach this port under a name that it made point here (DNS rebinding).
    guard isLocalName(request.text(request.host).text) else {
      return .text(421, "This listener is asked by address or as localhost.\n")
    }
    let fields = request.fields
    var accept = ""
    if let index = fields.first(.accept) { accept = fields.value(at: index).text }
    return await answer(
      AdminRequest(
        method: request.method, path: request.text(request.path).text, accept: accept))
  }

  private func isLocalName(_ host: String) -> Bool {
    if host == "localhost" || host.isEmpty { return true }
    let bare =
      host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    return IPAddress(bare) != nil
  }

  private func send(_ answer: AdminAnswer, keepsAlive: Bool) async throws(TransportError) {
    response.reset()
    response.status = answer.status
    let fields = response.fields
    let type = Array(answer.contentType.utf8)
    _ = fields.add(.contentType, name: "content-type".utf8Span.span, value: type.span)
    _ = fields.add(
      .cacheControl, name: "cache-control".utf8Span.span, value: "no-store".utf8Span.span)
    var head = Output(capacity: 512)
    do throws(HTTP1Error) {
      try ResponseEncoder.encode(
        response, framing: answer.body.isEmpty ? .none : .length(UInt64(answer.body.count)),
        answering: request, keepsAlive: keepsAlive, blocks: [], into: &head)
    } catch { throw .closed }
    if request.method != .head { head.append(answer.body) }
    try await sendAll(head.bytes.array)
  }

  /// A scrape may be larger than one send.
  private func sendAll(_ bytes: [UInt8]) async throws(TransportError) {
    var start = 0
    while start < bytes.count {
      let end = min(start + Transport.sendBytesMax, bytes.count)
      try transport.send(bytes.span.extracting(start..<end))
      let deadline = resources.loop.now.advanced(milliseconds: Self.timeout)
      try await transport.drain(waiter: waiter, until: deadline)
      start = end
    }
  }
}
