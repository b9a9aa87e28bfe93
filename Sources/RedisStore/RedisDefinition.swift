// A Redis as the config says it: values only, shared by all workers.

import Engine
import TLS

/// One Redis server and how it is spoken to.
package struct RedisDefinition: Sendable, Equatable {
  package enum Host: Sendable, Hashable {
    case address(SocketAddress)
    case name(String, port: UInt16)
  }

  package let name: String
  package let host: Host
  /// The name in SNI, and that is verified; nil: clear text.
  package let serverName: String?
  package let authorities: AuthorityBundle?
  package let user: [UInt8]?
  package let password: [UInt8]?
  package let database: Int
  /// Milliseconds that a request waits for an answer.
  package let timeout: UInt64

  package init(
    name: String, host: Host, serverName: String?, authorities: AuthorityBundle?, user: [UInt8]?,
    password: [UInt8]?, database: Int, timeout: UInt64
  ) {
    self.name = name
    self.host = host
    self.serverName = serverName
    self.authorities = authorities
    self.user = user
    self.password = password
    self.database = database
    self.timeout = timeout
  }
}

/// The bounds of a connection to Redis.
enum RedisLimits {
  /// Questions that wait for an answer: at 20 ms each that is 50,000 a second for one worker.
  static let askedMax = 1024
  /// Milliseconds from the start of a connection to the end of its set-up.
  static let connectTimeout: UInt64 = 1000
  /// Milliseconds between two tries: doubled each time, and spread by as much again.
  static let pauseMin: UInt64 = 25
  static let pauseMax: UInt64 = 400
  /// Milliseconds between two signs of life, and how long one may take.
  static let heartbeatInterval: UInt64 = 1000
  static let heartbeatTimeout: UInt64 = 500
  /// Bytes of a server's error that the log repeats.
  static let errorBytesMax = 200
}
