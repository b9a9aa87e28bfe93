// How much of a stranger's text one log line takes.

/// Bytes of each field that are logged; the rest is counted in the line. What goes over is cut,
/// never dropped.
package struct AccessLimits: Sendable {
  /// Path and query together. Longer ones exist, up to the request line's 8 KiB, but no one reads
  /// them in a log.
  package var targetBytesMax = 2048
  package var userAgentBytesMax = 512
  package var refererBytesMax = 512
  /// A DNS name has at most 253 bytes.
  package var hostBytesMax = 256
  /// Ids, addresses, names from the config, methods and reasons.
  package var shortBytesMax = 256

  package init() {}

  /// Bytes that one line takes at most: escaped text has up to six bytes for one, in eighteen short
  /// fields.
  package var lineBytesMax: Int {
    6 * (targetBytesMax + userAgentBytesMax + refererBytesMax + hostBytesMax + 18 * shortBytesMax)
      + 2048
  }
}
