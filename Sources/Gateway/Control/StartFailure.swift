// Why the gateway did not start, and what the process's exit code says of it.

/// One sentence for the operator, or a config's diagnostics.
package struct StartFailure: Error, Sendable {
  /// Exit codes, as sysexits.h names them.
  package enum Kind: Int32, Sendable {
    /// EX_NOINPUT
    case unreadable = 66
    /// EX_OSERR
    case system = 71
    /// EX_CONFIG
    case invalidConfiguration = 78
  }

  package let kind: Kind
  package let text: String

  init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }
}
