// The two questions of one name, and what their answers mean together.

import Bytes

/// A and AAAA of one name, until both are answered.
struct NameLookup {
  /// Seconds after which a name is asked for again when only one of its families could be had.
  private static let halfAnswerTTL: UInt32 = 30

  private var four: ResolverChannel.Answer?
  private var six: ResolverChannel.Answer?

  mutating func note(_ answer: ResolverChannel.Answer, to type: DNSAnswer.RecordType) {
    switch type {
    case .a: four = answer
    case .aaaa: six = answer
    // `ServiceWatch` asks for those.
    case .srv: return
    }
  }

  /// The outcome once both are there.
  ///
  /// - Parameter reachesIPv6: whether this machine has a way to IPv6 addresses. Where it has none
  ///   they are left out when there are others, as every second connection would fail.
  func outcome(reachesIPv6: Bool) -> NameTable.Outcome? {
    guard let four, let six else { return nil }
    let foundFour = (try? four.get())?.addresses ?? []
    let foundSix = (try? six.get())?.addresses ?? []
    let usable = (foundFour + foundSix).filter(Self.isUsable)
    let reachable = usable.filter { $0.isV4 || $0.isLoopback || reachesIPv6 }
    let addresses = reachable.isEmpty ? usable : reachable
    guard addresses.isEmpty else {
      return .addresses(addresses, ttl: min(Self.ttl(of: four), Self.ttl(of: six)))
    }
    return .failure(Self.worst(four, six).map { .failed($0) } ?? .noAddress)
  }

  /// The addresses are not the unspecified one, multicast or broadcast: nobody serves there.
  private static func isUsable(_ address: IPAddress) -> Bool {
    guard address.isV4 else {
      return address.high >> 56 != 0xFF && (address.high, address.low) != (0, 0)
    }
    let first = UInt8(truncatingIfNeeded: address.low >> 24)
    return first != 0 && first < 224
  }

  private static func ttl(of answer: ResolverChannel.Answer) -> UInt32 {
    switch answer {
    case .success(let answer): answer.ttl
    case .failure(.answer(.noName)), .failure(.answer(.noAddress)): .max
    case .failure: halfAnswerTTL
    }
  }

  /// The error that says more than that there is no address.
  private static func worst(
    _ four: ResolverChannel.Answer, _ six: ResolverChannel.Answer
  ) -> DNSLookupError? {
    for answer in [four, six] {
      switch answer {
      case .success, .failure(.answer(.noName)), .failure(.answer(.noAddress)): continue
      case .failure(let error): return error
      }
    }
    return nil
  }
}
