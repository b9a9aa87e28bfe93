// How a byte stream can fail its user.

import Engine
import TLS

/// Why a read or a write did not happen.
package enum TransportError: Error {
  case timedOut
  /// The owner of the connection ended it.
  case cancelled
  /// The peer reset the connection, or the network did.
  case broken(SystemError)
  /// TLS failed: the peer, or somebody between, broke its rules.
  case insecure(TLSError)
  /// The peer closed while something was still to be sent to it.
  case closed
}
