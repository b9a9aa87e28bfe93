// Networks whose proxies are believed: the config's CIDRs in the form that addresses are compared
// in.

import Bytes
import Configuration

struct TrustedNetworks {
  private let networks: [(address: Bytes.IPAddress, bits: Int)]

  init(_ networks: [CIDR]) {
    self.networks = networks.map { network in
      guard let address = Bytes.IPAddress(network.address.description) else {
        preconditionFailure("A network's address is an address in any spelling.")
      }
      return (address, network.prefixLength)
    }
  }

  func contain(_ address: Bytes.IPAddress) -> Bool {
    for network in networks where network.address.matches(address, prefix: network.bits) {
      return true
    }
    return false
  }
}
