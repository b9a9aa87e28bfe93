// One check of one server: a connection of its own, the same TLS as requests, and a GET when a path
// is given.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import TLS
import Transport

/// Checks servers one after the other, on the loop that it was made on.
final class HealthProbe {
  private let rule: HealthRule
  private let resources: WorkerResources
  private let waiter: Waiter
  private let response = ResponseHead(fields: FieldSection(addedBytesMax: 64))

  /// - Parameter waiter: parks the task that checks; cancelling it ends a check.
  init(_ rule: HealthRule, resources: WorkerResources, waiter: Waiter) {
    self.rule = rule
    self.resources = resources
    self.waiter = waiter
  }

  /// Asks the server once. Returns nil when it is well, else why it is not.
  ///
  /// - Parameters:
  ///   - context: nil for clear text.
  ///   - host: what the Host field says.
  func check(
    _ address: SocketAddress, context: TLSClientContext?, host: String
  ) async -> String? {
    let deadline = resources.loop.now.advanced(milliseconds: rule.timeout)
    let socket: Socket
    do throws(SystemError) {
      socket = try Connecting.start(to: address, on: resources.loop)
    } catch { return error.description }
    socket.observer = waiter
    guard let transport = transport(over: socket, context) else {
      socket.close()
      return "a TLS session cannot be made"
    }
    defer { transport.close(isAborting: false) }
    do throws(TransportError) {
      while !transport.socket.isWritable { try await transport.wait(waiter, until: deadline) }
      if let error = transport.socket.connectError() { return error.description }
      try await transport.handshake(waiter: waiter, until: deadline)
      guard let path = rule.path else { return nil }
      try await transport.sendRequest(for: path, host: host, waiter, deadline)
      return try await readAnswer(transport, until: deadline)
    } catch {
      return switch error {
      case .timedOut: "no answer within \(rule.timeout) ms"
      case .cancelled: "the check was ended"
      case .closed: "the server closed the connection"
      case .broken(let error): error.description
      case .insecure(let error): error.text
      }
    }
  }

  private func transport(over socket: Socket, _ context: TLSClientContext?) -> Transport? {
    guard let context else { return Transport(socket: socket, pending: resources.pending) }
    do throws(TLSError) {
      let session = try TLSSession(connecting: context, scratch: resources.tls)
      return Transport(
        socket: socket, session: session, scratch: resources.tls, pending: resources.pending)
    } catch { return nil }
  }

  /// Reads up to the final head and judges its status.
  private func readAnswer(
    _ transport: Transport, until deadline: Instant
  ) async throws(TransportError) -> String? {
    let input = resources.buffers.borrow()
    defer {
      response.reset()
      resources.buffers.giveBack(input)
    }
    var parser = ResponseParser(limits: .response)
    var interims = 0
    while true {
      let progress: ParseProgress
      do throws(HTTP1Error) {
        progress = try parser.parse(input, into: response, answering: .get)
      } catch { return "its answer is no HTTP: \(error.reason)" }
      switch progress {
      case .done where response.status >= 200:
        return rule.expect.contains(response.status) ? nil : "status \(response.status)"
      case .done:
        interims += 1
        guard interims <= UpstreamConnection.interimMax else {
          return "its answer does not come to an end"
        }
        response.reset()
      case .needsMore:
        if input.isEmpty { input.clear() } else if input.freeCount == 0 { input.compact() }
        let count = try await transport.read(into: input, waiter: waiter, until: deadline)
        if count == 0 { return "the server closed the connection" }
      }
    }
  }
}

extension Transport {
  fileprivate func sendRequest(
    for path: String, host: String, _ waiter: Waiter, _ deadline: Instant
  ) async throws(TransportError) {
    let head =
      "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: sluice-health\r\n"
      + "Accept: */*\r\nConnection: close\r\n\r\n"
    let bytes = Array(head.utf8)
    try send(bytes.span)
    try await drain(waiter: waiter, until: deadline)
  }
}
