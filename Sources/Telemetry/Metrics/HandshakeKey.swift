// What handshakes are told apart by.

/// Listener, version and result, as a cell of a dense array.
package struct HandshakeKey: Sendable, Equatable {
  package let listener: UInt16
  package let version: HandshakeVersion
  package let result: HandshakeResult

  static let cellsPerListener = HandshakeVersion.allCases.count * HandshakeResult.allCases.count

  package init(listener: UInt16, version: HandshakeVersion, result: HandshakeResult) {
    self.listener = listener
    self.version = version
    self.result = result
  }

  var cell: Int {
    Int(listener) * Self.cellsPerListener
      + Int(version.rawValue) * HandshakeResult.allCases.count + Int(result.rawValue)
  }

  init(cell: Int) {
    let results = HandshakeResult.allCases
    let versions = HandshakeVersion.allCases
    listener = UInt16(truncatingIfNeeded: cell / Self.cellsPerListener)
    version = versions[cell % Self.cellsPerListener / results.count]
    result = results[cell % results.count]
  }
}
