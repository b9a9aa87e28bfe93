// The request's body on its way to the server: pushed whenever the exchange is awake, never waited
// for here.

import Bytes
import HTTP1
import HTTPMessage
import PolicyChain
import Transport

extension UpstreamConnection {
  /// Sends what the client has sent and the server can take, without waiting.
  func pushBody() throws(Failure) {
    guard isUploading else { return }
    guard let exchange else { return }
    do throws(TransportError) {
      guard try transport.flush() else { return }
    } catch {
      try uploadBroke(error)
      return
    }
    guard case .body(let isChunked) = upload, let body = exchange.requestBody else { return }
    while let chunk = try body.ready() {
      exchange.outcome.requestBodyBytes &+= UInt64(chunk.count)
      do throws(TransportError) {
        try send(chunk, isChunked: isChunked)
        guard try transport.flush() else { return }
      } catch {
        try uploadBroke(error)
        return
      }
    }
    if body.isComplete { try endUpload(isChunked: isChunked, trailers: body.trailers) }
  }

  private func send(_ chunk: BodyChunk, isChunked: Bool) throws(TransportError) {
    if isChunked {
      try pool.resources.uploadScratch { framed throws(TransportError) in
        framed.clear()
        ChunkedEncoder.startChunk(of: chunk.count, into: &framed)
        framed.append(chunk.bytes)
        ChunkedEncoder.endChunk(into: &framed)
        chunk.buffer.consume(chunk.count)
        try transport.send(framed.bytes)
      }
    } else {
      // Consumed also when the server is gone: what was handed out is never read as a request.
      defer { chunk.buffer.consume(chunk.count) }
      try transport.send(chunk.bytes)
    }
  }

  private func endUpload(isChunked: Bool, trailers: FieldSection?) throws(Failure) {
    upload = .done
    exchange?.upstream.sentAt = .now()
    guard isChunked else { return }
    try pool.resources.uploadScratch { end throws(Failure) in
      end.clear()
      do throws(HTTP1Error) { try ChunkedEncoder.end(trailers: trailers, into: &end) } catch {
        throw Failure(.internalError, origin: .gateway, retry: .never, detail: "\(error.reason)")
      }
      do throws(TransportError) { try transport.send(end.bytes) } catch { try uploadBroke(error) }
    }
  }

  /// Whether something of the request is still to be sent.
  var isUploading: Bool {
    switch upload {
    case .body: true
    case .done: transport.hasUnsent
    case .abandoned: false
    }
  }

  /// A server that stops reading may still have answered: its response counts, when one can be
  /// read.
  private func uploadBroke(_ error: TransportError) throws(Failure) {
    guard response != .failed, transport.mayHaveBytes else { throw lost(error) }
    upload = .abandoned
  }
}
