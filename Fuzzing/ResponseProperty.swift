// Whatever an upstream sends: pieces read as the whole does, and what is passed on to the client
// reads again with the same status, fields and framing.
import Bytes
import HTTP1
import HTTPMessage

enum ResponseProperty {
  private struct Reading: Equatable {
    let status: UInt16
    let framing: BodyFraming
    let keepsAlive: Bool
    let fields: [[UInt8]]

    init(_ response: ResponseHead) {
      status = response.status
      framing = response.framing
      keepsAlive = response.keepsAlive
      fields = response.fields.forwarded
    }
  }

  private enum Outcome: Equatable {
    case needsMore
    case refused(HTTP1Error)
    case read(Reading)
  }

  static func check(_ bytes: [UInt8]) {
    for method in [Method.get, .head] {
      let response = ResponseHead(fields: FieldSection(addedBytesMax: 64))
      let buffer = Feeding.whole(bytes)
      let outcome = read(buffer, into: response, method, limits: .response)
      precondition(readInPieces(bytes, method) == outcome, "Pieces read otherwise than the whole.")
      if case .read(let reading) = outcome { checkPassing(response, reading, method) }
    }
  }

  private static func read(
    _ buffer: Buffer, into response: ResponseHead, _ method: Method, limits: HeadLimits
  ) -> Outcome {
    var parser = ResponseParser(limits: limits)
    do throws(HTTP1Error) {
      guard try parser.parse(buffer, into: response, answering: method) == .done else {
        return .needsMore
      }
      return .read(Reading(response))
    } catch {
      return .refused(error)
    }
  }

  private static func readInPieces(_ bytes: [UInt8], _ method: Method) -> Outcome {
    let response = ResponseHead(fields: FieldSection(addedBytesMax: 64))
    var parser = ResponseParser(limits: .response)
    do throws(HTTP1Error) {
      let found = try Feeding.pieces(bytes) { buffer throws(HTTP1Error) -> Reading? in
        guard try parser.parse(buffer, into: response, answering: method) == .done else {
          return nil
        }
        return Reading(response)
      }
      return found.map(Outcome.read) ?? .needsMore
    } catch {
      return .refused(error)
    }
  }

  private static func checkPassing(_ response: ResponseHead, _ reading: Reading, _ method: Method) {
    let request = Request(fields: FieldSection(addedBytesMax: 64))
    request.method = method
    let framing = ResponseEncoder.framing(response.framing, for: .http11)
    var output = Output(capacity: 1024)
    do throws(HTTP1Error) {
      try ResponseEncoder.encode(
        response, framing: framing, answering: request, keepsAlive: true, blocks: [], into: &output)
    } catch {
      preconditionFailure("What was read can be passed on: \(error).")
    }
    let sent = Feeding.whole(output.bytes.array)
    let again = ResponseHead(fields: FieldSection(addedBytesMax: 64))
    guard
      case .read(let received) = read(sent, into: again, method, limits: Feeding.nextHopLimits)
    else {
      preconditionFailure("What is passed on can be read.")
    }
    precondition(sent.isEmpty, "Nothing follows the head.")
    precondition(received.status == reading.status, "The client reads the upstream's status.")
    // A body of unknown length is passed on in chunks, and an empty one needs no framing.
    let isSame = received.framing == framing || received.framing == .length(0)
    precondition(isSame || framing == .length(0), "The client reads the framing that is sent.")
  }
}
