// Diagnostics as people read them: code, message, place, excerpt with a caret line, hint, notes and
// help, as the manual shows. At most 20; the rest is counted.

/// Renders diagnostics for a terminal.
package struct HumanRendering: Sendable {
  /// Diagnostics that are shown: more scroll the first one, which may be the cause of the others,
  /// out of sight.
  package static let shownMax = 20

  private let sources: SourceSet
  private let hasColor: Bool

  package init(sources: SourceSet, hasColor: Bool) {
    self.sources = sources
    self.hasColor = hasColor
  }

  /// All of them as one text; empty when there are none.
  package func text(of diagnostics: [Diagnostic]) -> String {
    guard !diagnostics.isEmpty else { return "" }
    var text = ""
    for diagnostic in diagnostics.prefix(HumanRendering.shownMax) {
      text += self.text(of: diagnostic) + "\n"
    }
    let rest = diagnostics.count - HumanRendering.shownMax
    if rest > 0 { text += "and \(rest) more\n\n" }
    return text + HumanRendering.summary(of: diagnostics) + "\n"
  }

  /// `2 errors, 1 warning`.
  package static func summary(of diagnostics: [Diagnostic]) -> String {
    let errors = diagnostics.count { $0.severity == .error }
    let warnings = diagnostics.count - errors
    let count = { (number: Int, word: String) in "\(number) \(word)\(number == 1 ? "" : "s")" }
    let parts = [
      errors > 0 ? count(errors, "error") : nil, warnings > 0 ? count(warnings, "warning") : nil,
    ]
    return parts.compactMap(\.self).joined(separator: ", ")
  }

  /// One diagnostic, with a final line end.
  package func text(of diagnostic: Diagnostic) -> String {
    let severity = diagnostic.severity.rawValue
    let head = paint("\(severity)[\(diagnostic.code)]", as: diagnostic.severity)
    let lines = [diagnostic.location.line] + diagnostic.notes.map(\.location.line)
    let width = String(lines.max() ?? 1).count
    var text = "\(head): \(diagnostic.message)\n"
    text += excerpt(at: diagnostic.location, beside: diagnostic.hint, width: width)
    for note in diagnostic.notes {
      text += "note: \(note.message)\n" + excerpt(at: note.location, beside: nil, width: width)
    }
    if let help = diagnostic.help { text += pad(width) + " = help: \(help)\n" }
    return text
  }

  private func excerpt(at place: SourceLocation, beside hint: String?, width: Int) -> String {
    var text = pad(width) + "--> \(place)"
    let chain = sources.chain(of: place.file)
    if !chain.isEmpty {
      let from = chain.map { "\($0.file):\($0.line)" }.joined(separator: ", from ")
      text += "   (included from \(from))"
    }
    text += "\n"
    guard let line = sources.excerpt(at: place) else {
      return hint.map { text + pad(width) + " = \($0)\n" } ?? text
    }
    let number = String(place.line)
    let gutter = pad(width) + " |"
    let lead = line.unicodeScalars.prefix(place.column - 1)
    // Tabs stay tabs, so that the caret stands under its word whatever their width.
    let indent = String(String.UnicodeScalarView(lead.map { $0 == "\t" ? "\t" : " " }))
    let carets = String(repeating: "^", count: place.length)
    text += gutter + "\n"
    text += pad(width - number.count) + number + " | " + HumanRendering.visible(line) + "\n"
    return text + gutter + " " + indent + carets + (hint.map { " " + $0 } ?? "") + "\n"
  }

  /// Characters that would move the cursor or turn the line around are shown as a question mark.
  private static func visible(_ line: String) -> String {
    String(
      String.UnicodeScalarView(
        line.unicodeScalars.map { scalar in
          if scalar == "\t" { return scalar }
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: return "?"
          default: return scalar
          }
        }))
  }

  private func pad(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

  private func paint(_ text: String, as severity: Severity) -> String {
    guard hasColor else { return text }
    return (severity == .error ? "\u{1b}[1;31m" : "\u{1b}[1;33m") + text + "\u{1b}[0m"
  }
}
