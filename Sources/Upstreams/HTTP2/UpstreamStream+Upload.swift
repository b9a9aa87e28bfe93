// The request's body on its way to an HTTP/2 server: handed to the session run by run, as the
// server's window allows. RFC 9113 section 5.2.

import Bytes
import HTTP1
import HTTP2
import HTTPMessage
import PolicyChain

extension UpstreamStream {
  /// Whether something of the request is still to be sent.
  var isUploading: Bool {
    switch upload {
    case .body: true
    case .done: stream?.unsentBytes ?? 0 > 0
    case .abandoned: false
    }
  }

  /// Hands over what the client has sent, when the session has framed what it got before.
  func pushBody() throws(Failure) {
    guard upload == .body, let stream, let exchange, let body = exchange.requestBody else { return }
    guard !stream.isClosed, connection.failure == nil else {
      // The answer may be there all the same.
      upload = .abandoned
      return
    }
    guard stream.unsentBytes == 0 else { return }
    if let chunk = try body.ready() {
      exchange.outcome.requestBodyBytes &+= UInt64(chunk.count)
      handedOver = chunk.buffer
      let isLast = body.isComplete && body.trailers == nil
      connection.session.send(stream, chunk.buffer, count: chunk.count, isLast: isLast)
      if isLast { uploadEnded(exchange) }
      connection.wake()
    } else if body.isComplete {
      try end(stream, trailers: body.trailers)
      uploadEnded(exchange)
      connection.wake()
    }
  }

  private func uploadEnded(_ exchange: Exchange) {
    upload = .done
    exchange.upstream.sentAt = .now()
  }

  private func end(_ stream: HTTP2Stream, trailers: FieldSection?) throws(Failure) {
    guard let trailers else { return connection.session.end(stream) }
    let fields = OutgoingFields()
    do throws(HTTP1Error) {
      try RequestFields.write(trailers: trailers, into: fields)
    } catch {
      throw Failure(.internalError, origin: .gateway, retry: .never, detail: "\(error.reason)")
    }
    if fields.count == 0 {
      connection.session.end(stream)
    } else {
      connection.session.end(stream, trailers: fields)
    }
  }

  /// Consumes what the session will not frame any more.
  func dropUnsent(_ stream: HTTP2Stream) {
    if stream.unsentBytes > 0, let handedOver {
      handedOver.consume(min(stream.unsentBytes, handedOver.count))
    }
    handedOver = nil
  }
}
