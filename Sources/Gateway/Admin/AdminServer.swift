// The operators' listener: probes and metrics, on this machine only. It shares the codec with the
// data plane and nothing else, so that it answers whatever traffic does.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import OpenSSL
import Transport

/// Accepts operators' connections on Control's loop.
final class AdminServer {
  /// Connections at one time: a few scrapers and a person.
  private static let connectionsMax = 64

  let loop: EventLoop
  let resources: WorkerResources
  private let answer: (AdminRequest) async -> AdminAnswer
  private let start: TaskStarter
  private var descriptors: [Int32] = []
  private var sockets: [ListeningSocket] = []
  private let waiter: Waiter
  private var connectionCount = 0
  /// Where it listens, for the log.
  let addressText: String

  /// - Parameters:
  ///   - descriptors: listening ones, which are closed with the server.
  ///   - answer: called for each request, on the loop.
  init(
    on loop: EventLoop, descriptors: [Int32], addressText: String, start: TaskStarter,
    answer: @escaping (AdminRequest) async -> AdminAnswer
  ) throws {
    self.loop = loop
    self.descriptors = descriptors
    self.addressText = addressText
    self.start = start
    self.answer = answer
    resources = try WorkerResources(loop: loop)
    waiter = Waiter(on: loop)
    for descriptor in descriptors {
      let socket = ListeningSocket(descriptor: descriptor, on: loop)
      socket.observer = waiter
      try socket.start()
      sockets.append(socket)
    }
  }

  /// Accepts until `stop`.
  func run() async {
    while await waiter.wait(until: .never) != .cancelled {
      for socket in sockets { acceptAll(from: socket) }
    }
    for socket in sockets { socket.stop() }
    for descriptor in descriptors { Descriptor.close(descriptor) }
  }

  func stop() { waiter.cancel() }

  private func acceptAll(from listening: ListeningSocket) {
    for _ in 0..<Self.connectionsMax {
      guard case .connection(let descriptor, _) = listening.accept() else { return }
      guard connectionCount < Self.connectionsMax else {
        Descriptor.close(descriptor)
        continue
      }
      do throws(Engine.SystemError) {
        let socket = try Socket(descriptor: descriptor, isConnected: true, on: loop)
        let connection = AdminConnection(
          Transport(socket: socket, pending: resources.pending), resources, answer: answer)
        connectionCount += 1
        start { [self] in
          await connection.serve()
          connectionCount -= 1
        }
      } catch {
        // The descriptor is closed already: the operator tries again.
        continue
      }
    }
  }
}

/// What an operator asks.
struct AdminRequest {
  let method: Method
  let path: String
  let accept: String
}

/// What an operator gets.
struct AdminAnswer {
  let status: UInt16
  let contentType: String
  let body: [UInt8]

  static func text(_ status: UInt16, _ body: String) -> AdminAnswer {
    AdminAnswer(status: status, contentType: "text/plain; charset=utf-8", body: Array(body.utf8))
  }
}
