// What a pool lends for one exchange: a whole connection, or a stream of a shared one.

import PolicyChain

/// The way of one exchange to its server.
enum UpstreamLease {
  case connection(UpstreamConnection)
  case stream(UpstreamStream)

  /// Whether nothing was sent over the connection before: then a close is no sign of staleness.
  var isFresh: Bool {
    switch self {
    case .connection(let connection): connection.isFresh
    case .stream(let stream): stream.isFresh
    }
  }

  /// Keeps it for the rest of the exchange, and says what follows the head.
  func hold(for exchange: Exchange) -> ResponseBody {
    switch self {
    case .connection(let connection):
      exchange.hold(connection)
      return connection.body(of: exchange)
    case .stream(let stream):
      exchange.hold(stream)
      return stream.isComplete ? .none : .stream(stream)
    }
  }

  var server: UpstreamServer {
    switch self {
    case .connection(let connection): connection.server
    case .stream(let stream): stream.connection.server
    }
  }

  /// Gives it back after a try that failed.
  func release(after exchange: Exchange, _ error: Failure, isBlameless: Bool) {
    switch self {
    case .connection(let connection):
      connection.isAtFault = !isBlameless && connection.isFault(error)
      connection.release(after: exchange)
    case .stream(let stream):
      stream.isAtFault =
        !isBlameless && UpstreamPool.isFault(error, isUploading: stream.isUploading)
      stream.release(after: exchange)
    }
  }
}
