// Where a private key comes from.

/// The place of a private key in PEM.
package enum KeySource: Equatable, Sendable {
  /// A file, which is read again when it changes.
  case file(String)
  /// Text that the configuration was given, as from the environment: it changes with a reload only.
  case given(KeyText)
}

/// A private key's text. It cannot be printed, by interpolation or reflection.
package struct KeyText: Equatable, Sendable, CustomStringConvertible, CustomReflectable {
  let bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package var description: String { "<private key>" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
