// One finding about the config. Other targets add theirs through the public initializer.

/// An error or warning at a place.
package struct Diagnostic: Sendable, Hashable {
  /// A second place that the finding is about.
  package struct Note: Sendable, Hashable {
    package let message: String
    package let location: SourceLocation

    package init(_ message: String, at location: SourceLocation) {
      self.message = message
      self.location = location
    }
  }

  package let code: DiagnosticCode
  package let severity: Severity
  package let message: String
  package let location: SourceLocation
  /// Stands beside the caret: `did you mean 'limit'?`
  package let hint: String?
  package let notes: [Note]
  /// The `= help:` line.
  package let help: String?

  package init(
    _ code: DiagnosticCode, _ message: String, at location: SourceLocation, hint: String? = nil,
    notes: [Note] = [], help: String? = nil, severity: Severity? = nil
  ) {
    self.code = code
    self.severity = severity ?? code.severity
    self.message = message
    self.location = location
    self.hint = hint
    self.notes = notes
    self.help = help
  }
}
