// Where a name leads, and until when that is known.

import Bytes
import Engine

/// The addresses of a name. Addresses as values: a port makes each one a `SocketAddress`.
package struct Resolution: Sendable, Equatable {
  package let addresses: [IPAddress]
  /// When it should have been asked for again. Addresses are used beyond it while no newer answer
  /// comes.
  package let expires: Instant

  package init(addresses: [IPAddress], expires: Instant) {
    self.addresses = addresses
    self.expires = expires
  }
}

/// Why a name leads nowhere.
package enum ResolutionError: Error, Sendable, Hashable {
  /// The name is known not to exist, or to have no address.
  case noAddress
  /// No server gave a usable answer.
  case failed(DNSLookupError)
  /// The caller's deadline passed first.
  case timedOut
  /// The caller, or the resolver, was told to stop.
  case cancelled
  /// More names are in use than `NameTable.namesMax`.
  case tooManyNames
  /// Not a name that can be asked for.
  case badName
  /// The hosts file cannot be read: the system's error number. Names are then asked for in DNS.
  case hostsFile(Int32)
}

/// Why one question went without an answer.
package enum DNSLookupError: Error, Sendable, Hashable {
  case answer(DNSAnswerError)
  /// No server answered in time.
  case noResponse
  /// No server could be reached, each one refused to answer, or none is configured.
  case noServer
  /// c-ares' own status, for what else can happen there.
  case library(Int32)
}
