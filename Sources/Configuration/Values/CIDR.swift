// Networks of the config language: `10.0.0.0/8 fd00::/8 192.0.2.1`. RFC 4632, RFC 4291 section 2.3.

/// A network: an address and how many of its leading bits count.
package struct CIDR: Sendable, Hashable, CustomStringConvertible {
  package let address: IPAddress
  package let prefixLength: Int
  private let mask: UInt128

  /// Reads `ADDRESS/LENGTH` or a single address. Bits after the prefix must be zero: `10.0.0.1/8`
  /// is a slip.
  package init(parsing text: String) throws(ValueProblem) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let address = IPAddress(parsing: parts[0]) else {
      throw ValueProblem()
    }
    // A mapped network counts its prefix from the start of 128 bits; refuse it rather than guess.
    guard !(address.isV4 && parts[0].contains(":")) else {
      throw ValueProblem(hint: "write the IPv4 network itself")
    }
    let width = address.isV4 ? 32 : 128
    var length = width
    if parts.count == 2 {
      guard parts[1].isDigits, parts[1].utf8.count <= 3, let written = Int(parts[1]),
        written <= width
      else { throw ValueProblem() }
      length = written
    }
    let full = address.isV4 ? UInt128(UInt32.max) : UInt128.max
    mask = length == 0 ? 0 : full << UInt128(width - length) & full
    guard address.bits & ~mask == 0 else {
      let network = address.bits & mask
      let base = address.isV4 ? IPAddress(v4: UInt32(network)) : IPAddress(v6: network)
      throw ValueProblem(
        "must not have bits after its prefix", hint: "write \(base)/\(length)")
    }
    self.address = address
    prefixLength = length
  }

  /// Whether the address is in the network. IPv4 addresses are never in an IPv6 network.
  package func contains(_ other: IPAddress) -> Bool {
    other.isV4 == address.isV4 && other.bits & mask == address.bits
  }

  /// Whether every address of its family is in it.
  package var isEverything: Bool { prefixLength == 0 }

  package var description: String { "\(address)/\(prefixLength)" }
}
