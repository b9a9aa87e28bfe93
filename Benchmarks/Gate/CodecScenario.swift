// What HTTP/1.1 itself costs for one small request: its head is read and written for the upstream,
// the answer's head is read and written for the client.
import Bytes
import HTTP1
import HTTPMessage

/// One exchange through both codecs, on blocks that are kept as a worker keeps them.
final class CodecScenario: Scenario {
  private static let requestText = """
    GET /v1/orders/42?expand=items HTTP/1.1\r
    Host: api.example.com\r
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r
    Accept: application/json\r
    Accept-Language: en-US,en;q=0.5\r
    Accept-Encoding: gzip, deflate, br\r
    Authorization: Bearer 0123456789abcdef0123456789abcdef\r
    Connection: keep-alive\r
    \r

    """
  private static let responseText = """
    HTTP/1.1 200 OK\r
    Content-Type: application/json\r
    Content-Length: 112\r
    Date: Mon, 05 Oct 2026 08:00:00 GMT\r
    Server: origin\r
    ETag: "33a64df551425fcc55e4d42a148795d9f25f89d4"\r
    \r

    """

  private let requestBytes = Array(requestText.utf8)
  private let responseBytes = Array(responseText.utf8)
  private let received = Buffer(capacity: 16 * 1024)
  private let answered = Buffer(capacity: 16 * 1024)
  private let request = Request(fields: FieldSection(addedBytesMax: 4 * 1024))
  private let response = ResponseHead(fields: FieldSection(addedBytesMax: 4 * 1024))
  private var requestParser = RequestParser(limits: .request, rules: RequestRules())
  private var responseParser = ResponseParser(limits: .response)
  private var forwarded = Output(capacity: 16 * 1024)
  private var returned = Output(capacity: 16 * 1024)

  func round() {
    do throws(HTTP1Error) {
      try forward()
      try answer()
    } catch {
      preconditionFailure("The sample messages are well formed: \(error).")
    }
  }

  private func forward() throws(HTTP1Error) {
    request.reset()
    received.clear()
    let bytes = requestBytes
    precondition(received.append(bytes.span), "The block holds the head.")
    let progress = try requestParser.parse(received, into: request)
    precondition(progress == .done, "The head is whole.")
    forwarded.clear()
    let request = request
    try RequestEncoder.encode(
      request, authority: request.text(request.authority), blocks: [], into: &forwarded)
  }

  private func answer() throws(HTTP1Error) {
    response.reset()
    answered.clear()
    let bytes = responseBytes
    precondition(answered.append(bytes.span), "The block holds the head.")
    let progress = try responseParser.parse(answered, into: response, answering: request.method)
    precondition(progress == .done, "The head is whole.")
    returned.clear()
    try ResponseEncoder.encode(
      response, framing: response.framing, answering: request, keepsAlive: true, blocks: [],
      into: &returned)
  }
}
