// What one client connection may do: HARDENING's knobs, as the listener's `limits` sets them.

import HTTP1
import HTTP2
import HTTPMessage
import TLS
import Transport

/// Limits of downstream connections. Times are in milliseconds.
package struct ConnectionLimits: Sendable {
  package init() {}

  /// Requests of one connection that are served before others have their turn.
  static let requestsPerTurn = 16
  /// Silence after which a connection gives back its task and buffer. A task keeps 6.6 KB as long
  /// as it lives.
  static let restAfter: UInt64 = 1_000
  /// The same when more than `patientMax` connections of a worker have one.
  static let restSoonAfter: UInt64 = 100
  static let patientMax = 64
  /// How long a closing connection waits for its client to have read the answer.
  static let lingerTimeout: UInt64 = 2_000
  /// Bytes that a closing connection reads and forgets meanwhile.
  static let lingerBytesMax = 256 * 1024
  /// Bytes of an unwanted body that are read to keep the connection.
  static let discardBytesMax = 64 * 1024
  /// Between the two GOAWAY frames of an HTTP/2 connection that ends: streams that were opened
  /// before the first one was seen arrive in it.
  static let goAwayNotice: UInt64 = 250
  /// How long an HTTP/2 connection waits for its client to have read the last one.
  static let goAwayLinger: UInt64 = 500

  package var head = HeadLimits.request
  package var rules = RequestRules()
  /// From the head's first byte to its last.
  package var headTimeout: UInt64 = 10_000
  /// Without a request; from the listener's own `timeout idle`.
  package var keepAliveIdle: UInt64 = 60_000
  /// Bytes per second that a body must reach once `rateGrace` has passed; zero for no minimum.
  package var rateMin: UInt64 = 500
  package var rateGrace: UInt64 = 5_000
  /// Without progress of a response: the client reads nothing of it.
  package var writeStall: UInt64 = 30_000
  package var ageMax: UInt64 = 3_600_000
  /// Connections of the listener, over all workers.
  package var connectionsMax = 10_000
  /// Connections of one client address, over all listeners.
  package var perClientMax = 256
  package var requestsMax: UInt32 = 1_000
  /// Whether a client that has sent its last byte still waits for its answer.
  package var allowsHalfClose = false
  /// What is spoken, in the order of preference.
  package var protocols: [ApplicationProtocol] = [.http1]
  package var http2 = HTTP2Settings()
  package var floods = FloodLimits()
  /// Time for a TLS handshake.
  package var handshakeTimeout: UInt64 = 5_000

  /// How fast a client must read its answer.
  var sendingPace: SendingPace {
    SendingPace(stall: writeStall, bytesPerSecondMin: rateMin, grace: rateGrace)
  }
}
