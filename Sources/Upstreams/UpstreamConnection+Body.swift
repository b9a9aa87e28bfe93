// The response's body, pulled by whoever writes to the client.

import Bytes
import Engine
import HTTP1
import HTTPMessage
import PolicyChain
import Transport

extension UpstreamConnection: BodySource {
  package func ready() throws(Failure) -> BodyChunk? {
    // What the server still wants of the request once it has answered whole is of no use to
    // anybody.
    if isComplete { return nil }
    try pushBody()
    guard let input else { return nil }
    while true {
      if let chunk = try take(from: input) { return chunk }
      if isComplete { return nil }
      // The head and all chunks before have been used: their room is free.
      if input.isEmpty { input.clear() } else if input.freeCount == 0 { input.compact() }
      switch transport.receive(into: input) {
      case .count: continue
      case .blocked: return nil
      case .ended:
        try bodyEnded()
        return nil
      case .failed(let error): throw lost(error)
      }
    }
  }

  package func wait() async throws(Failure) {
    guard let exchange else {
      throw Failure(.connectionTerminated, origin: .gateway, retry: .never)
    }
    try await waitForProgress(exchange)
  }

  package func cancel() { response = .failed }

  package var isComplete: Bool { if case .done = response { true } else { false } }

  package var deadline: Instant { .never }

  package var trailers: FieldSection? { trailerFields }

  private func take(from input: Buffer) throws(Failure) -> BodyChunk? {
    switch response {
    case .counted(let left):
      guard !input.isEmpty else { return nil }
      let count = min(UInt64(input.count), left)
      response = count == left ? .done(isReusable: keepsAlive) : .counted(left - count)
      return BodyChunk(buffer: input, count: Int(count))
    case .untilClose:
      return input.isEmpty ? nil : BodyChunk(buffer: input, count: input.count)
    case .chunked: return try takeChunk(from: input)
    case .idle, .head, .done, .failed: return nil
    }
  }

  private func takeChunk(from input: Buffer) throws(Failure) -> BodyChunk? {
    do throws(HTTP1Error) {
      switch try decoder.next(input) {
      case .data(let count):
        decoder.handOut(count)
        return BodyChunk(buffer: input, count: count)
      case .needsMore: break
      case .trailers:
        let fields = trailerFields ?? FieldSection(addedBytesMax: 1)
        trailerFields = fields
        if try decoder.parseTrailers(input, into: fields) == .done {
          response = .done(isReusable: keepsAlive)
        }
      case .end: response = .done(isReusable: keepsAlive)
      }
      return nil
    } catch { throw invalid(error) }
  }

  private var keepsAlive: Bool { exchange?.response.keepsAlive == true }

  /// The server closed. That ends a body without a length; any other body was cut short.
  private func bodyEnded() throws(Failure) {
    guard response == .untilClose else { throw ended() }
    response = .done(isReusable: false)
  }
}
