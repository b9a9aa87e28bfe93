// What a worker knows of the connections that its clients opened, whatever they speak.

import PolicyChain
import Transport

/// A connection in the worker's table. Its owner calls it on the loop, never between jobs.
protocol ClientConnection: AnyObject {
  var connection: DownstreamConnection { get }
  var transport: Transport { get }
  /// The place in the worker's table.
  var slot: Int { get }
  /// Something happened to a connection that has no task.
  func woken()
  /// The deadline of a connection that has no task has passed.
  func expired()
  /// The worker drains: what is idle ends now, what is busy after its present requests.
  func drain()
  /// Ends the connection, whatever it is doing.
  func cancel()
}
