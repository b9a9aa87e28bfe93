// Max-Forwards: RFC 9110 section 7.6.2. A client that looks for the gateway that loses its OPTIONS
// requests counts them down on their way.

import Bytes
import HTTPMessage
import PolicyChain

enum MaxForwards {
  /// Counts the request's Max-Forwards down. Returns true, with the exchange answered, when it goes
  /// no further than here. What is no number is not ours to judge and goes on.
  static func endsHere(_ exchange: Exchange) throws(Failure) -> Bool {
    guard exchange.request.method == .options else { return false }
    let fields = exchange.request.fields
    guard let index = fields.first(.maxForwards), let left = number(fields.value(at: index))
    else { return false }
    guard left > 0 else {
      exchange.answer(status: 204, contentType: nil, body: [])
      return true
    }
    var text = Output(capacity: 4)
    text.append(decimal: left - 1)
    fields.remove(.maxForwards)
    let name = KnownField.maxForwards.name.bytes
    guard fields.add(.maxForwards, name: name, value: text.bytes) else {
      throw Failure(
        .internalError, origin: .gateway, retry: .never, detail: "no room for Max-Forwards")
    }
    return false
  }

  /// One to three digits: no path has more hops than they can count.
  private static func number(_ text: Span<UInt8>) -> UInt64? {
    guard (1...3).contains(text.count) else { return nil }
    var number: UInt64 = 0
    for index in text.indices {
      guard ASCII.isDigit(text[index]) else { return nil }
      number = number * 10 + UInt64(text[index] - 0x30)
    }
    return number
  }
}
