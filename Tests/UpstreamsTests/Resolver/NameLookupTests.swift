// What the answers for both families mean together.

import Bytes
import Testing

@testable import Upstreams

struct NameLookupTests {
  private static let four = DNSMessage.answer(.a, [192, 0, 2, 1], ttl: 300)
  private static let six = DNSMessage.answer(
    .aaaa, [0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1], ttl: 200)

  private static func outcome(
    _ four: ResolverChannel.Answer, _ six: ResolverChannel.Answer, reachesIPv6: Bool = true
  ) -> String {
    var lookup = NameLookup()
    lookup.note(six, to: .aaaa)
    #expect(lookup.outcome(reachesIPv6: reachesIPv6) == nil, "it waits for both")
    lookup.note(four, to: .a)
    switch lookup.outcome(reachesIPv6: reachesIPv6) {
    case .addresses(let addresses, let ttl):
      return addresses.map { "\($0)" }.joined(separator: " ") + " for \(ttl)"
    case .failure(let error): return "\(error)"
    case nil: return "nothing"
    }
  }

  @Test func `both families are used, for the shorter life`() {
    #expect(Self.outcome(Self.four, Self.six) == "192.0.2.1 2001:db8::1 for 200")
  }

  @Test func `IPv6 is left out where there is no way to it, unless there is nothing else`() {
    let none = ResolverChannel.Answer.failure(.answer(.noAddress))
    let loopback = DNSMessage.answer(.aaaa, [UInt8](repeating: 0, count: 15) + [1], ttl: 200)
    #expect(Self.outcome(Self.four, Self.six, reachesIPv6: false) == "192.0.2.1 for 200")
    #expect(Self.outcome(none, Self.six, reachesIPv6: false) == "2001:db8::1 for 200")
    #expect(Self.outcome(Self.four, loopback, reachesIPv6: false) == "192.0.2.1 ::1 for 200")
  }

  @Test func `a family that is missing for a moment is asked for soon`() {
    #expect(Self.outcome(Self.four, .failure(.noResponse)) == "192.0.2.1 for 30")
    #expect(Self.outcome(Self.four, .failure(.answer(.noAddress))) == "192.0.2.1 for 300")
  }

  @Test func `addresses where nobody serves are no addresses`() {
    for bytes: [UInt8] in [[0, 0, 0, 0], [224, 0, 0, 1], [255, 255, 255, 255]] {
      let answer = DNSMessage.answer(.a, bytes, ttl: 9)
      #expect(Self.outcome(answer, .failure(.answer(.noAddress))) == "noAddress")
    }
  }

  @Test func `a failure says more than that there is no address`() {
    let none = ResolverChannel.Answer.failure(.answer(.noName))
    #expect(Self.outcome(none, none) == "noAddress")
    #expect(Self.outcome(none, .failure(.noResponse)) == "\(ResolutionError.failed(.noResponse))")
  }
}

extension DNSMessage {
  /// What the channel gives for one record.
  static func answer(
    _ type: DNSAnswer.RecordType, _ value: [UInt8], ttl: UInt32
  ) -> ResolverChannel.Answer {
    var message = DNSMessage(answers: 1, type: type)
    message.append(pointer: 12)
    message.append(type: type.rawValue, ttl: ttl, value: value)
    do throws(DNSAnswerError) {
      return .success(try DNSAnswer(message.bytes.span, to: type))
    } catch {
      return .failure(.answer(error))
    }
  }
}
