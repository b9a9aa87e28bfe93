// Whatever the bytes: pieces read as the whole does, and what is forwarded reads again as the same
// request, with nothing left over that a second parser could take for another one.
import Bytes
import HTTP1
import HTTPMessage

enum RequestProperty {
  /// What a request says, copied out of its blocks.
  private struct Reading: Equatable {
    let method: [UInt8]
    let target: [UInt8]
    let path: [UInt8]
    let host: [UInt8]
    let framing: BodyFraming
    let keepsAlive: Bool
    let fields: [[UInt8]]
    let rest: Int

    init(_ request: Request, rest: Int) {
      method = request.text(request.methodText).array
      target = request.text(request.target).array
      path = request.text(request.path).array
      host = request.text(request.host).array
      framing = request.framing
      keepsAlive = request.keepsAlive
      fields = request.fields.forwarded
      self.rest = rest
    }
  }

  private enum Outcome: Equatable {
    case needsMore
    case refused(HTTP1Error)
    case read(Reading)
  }

  static func check(_ bytes: [UInt8]) {
    let whole = Feeding.whole(bytes)
    let request = Request(fields: FieldSection(addedBytesMax: 16 * 1024))
    let outcome = read(bytes, into: request, in: whole, limits: .request)
    precondition(readInPieces(bytes) == outcome, "Pieces read otherwise than the whole.")
    guard case .read(let reading) = outcome else { return }
    checkText(reading)
    checkForwarding(request, reading)
  }

  private static func read(
    _ bytes: [UInt8], into request: Request, in buffer: Buffer, limits: HeadLimits
  ) -> Outcome {
    var parser = RequestParser(limits: limits, rules: RequestRules())
    do throws(HTTP1Error) {
      guard try parser.parse(buffer, into: request) == .done else { return .needsMore }
      return .read(Reading(request, rest: buffer.count))
    } catch {
      return .refused(error)
    }
  }

  private static func readInPieces(_ bytes: [UInt8]) -> Outcome {
    let request = Request(fields: FieldSection(addedBytesMax: 16 * 1024))
    var parser = RequestParser(limits: .request, rules: RequestRules())
    do throws(HTTP1Error) {
      let found = try Feeding.pieces(bytes) { buffer throws(HTTP1Error) -> Reading? in
        guard try parser.parse(buffer, into: request) == .done else { return nil }
        return Reading(request, rest: buffer.count)
      }
      guard let found else { return .needsMore }
      // What had not been fed yet is left over too; only the head's length can be compared.
      return .read(Reading(request, rest: whatFollows(found, in: bytes)))
    } catch {
      return .refused(error)
    }
  }

  /// The bytes behind the head, by the empty line that ends it.
  private static func whatFollows(_ reading: Reading, in bytes: [UInt8]) -> Int {
    let end: [UInt8] = [13, 10, 13, 10]
    for index in bytes.indices.dropLast(3) where Array(bytes[index..<index + 4]) == end {
      return bytes.count - index - 4
    }
    return -1
  }

  private static func checkText(_ reading: Reading) {
    let isVisible = { (byte: UInt8) in byte > 0x20 && byte < 0x7F }
    precondition(reading.method.allSatisfy(isVisible), "A method is a token.")
    precondition(reading.target.allSatisfy(isVisible), "A target has visible bytes only.")
    precondition(
      reading.path == [0x2A] || reading.path.first == 0x2F, "A path starts with a slash.")
    precondition(reading.target.starts(with: reading.path), "The target is the path and a query.")
    let breaks: Set<UInt8> = [0, 10, 13]
    precondition(
      reading.fields.allSatisfy { breaks.isDisjoint(with: $0) }, "A field is one line.")
  }

  private static func checkForwarding(_ request: Request, _ reading: Reading) {
    guard request.version == .http11 else { return }
    var output = Output(capacity: 1024)
    do throws(HTTP1Error) {
      try RequestEncoder.encode(
        request, authority: request.text(request.authority), blocks: [], into: &output)
    } catch {
      preconditionFailure("What was read can be forwarded: \(error).")
    }
    let again = Request(fields: FieldSection(addedBytesMax: 16 * 1024))
    let sent = output.bytes.array
    let forwarded = Feeding.whole(sent)
    guard
      case .read(let received) = read(
        sent, into: again, in: forwarded, limits: Feeding.nextHopLimits)
    else {
      preconditionFailure("What is forwarded can be read.")
    }
    precondition(received.rest == 0, "Nothing follows the head.")
    precondition(
      received.method == reading.method && received.target == reading.target
        && received.path == reading.path && received.host == reading.host
        && received.framing == reading.framing, "The origin reads what the policies saw.")
  }
}

extension FieldSection {
  /// The lines that go on, copied.
  var forwarded: [[UInt8]] {
    entries.indices.filter { !entries[$0].isRemoved }.map {
      name(at: $0).array + [0x3A] + value(at: $0).array
    }
  }
}
