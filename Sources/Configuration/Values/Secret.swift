// A secret: where it comes from can be printed, what it says cannot, by `print`, `dump`,
// interpolation or reflection.

/// A reference to secret bytes, and the bytes once they were resolved.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// Where a secret is kept.
  package enum Source: Sendable, Hashable, CustomStringConvertible {
    case file(String)
    case environment(String)
    /// A systemd credential, a file in `$CREDENTIALS_DIRECTORY`.
    case credential(String)

    package init(parsing text: String) throws(ValueProblem) {
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[1].isEmpty else {
        throw ValueProblem(hint: "secret(\"file:PATH\" | \"env:NAME\" | \"cred:NAME\")")
      }
      let name = String(parts[1])
      switch parts[0] {
      case "file": self = .file(name)
      case "env": self = .environment(name)
      case "cred" where !name.contains("/"): self = .credential(name)
      default: throw ValueProblem(hint: "secret(\"file:PATH\" | \"env:NAME\" | \"cred:NAME\")")
      }
    }

    package var description: String {
      switch self {
      case .file(let path): "file:\(path)"
      case .environment(let name): "env:\(name)"
      case .credential(let name): "cred:\(name)"
      }
    }
  }

  package let source: Source
  private let bytes: [UInt8]?

  /// A secret that was named but not read: what `check` knows.
  package init(_ source: Source) {
    self.source = source
    bytes = nil
  }

  /// A secret that was read.
  package init(_ source: Source, resolvedTo bytes: [UInt8]) {
    self.source = source
    self.bytes = bytes
  }

  package var isResolved: Bool { bytes != nil }

  /// Lends the bytes to `body`; nil when the secret was never resolved.
  package func reveal<R>(_ body: (Span<UInt8>) throws -> R) rethrows -> R? {
    guard let bytes else { return nil }
    return try body(bytes.span)
  }

  package var description: String { "<secret \(source)>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
