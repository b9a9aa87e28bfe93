// Findings as they come in: each once, and no more than anyone would fix in a day.

/// Diagnostics of one run.
package struct DiagnosticList: Sendable {
  private var seen: Set<Diagnostic> = []
  private(set) var all: [Diagnostic] = []
  /// What was found and not kept.
  package static let countMax = 10_000

  package init() {}

  package mutating func add(_ diagnostic: Diagnostic) {
    guard all.count < DiagnosticList.countMax, seen.insert(diagnostic).inserted else { return }
    all.append(diagnostic)
  }

  package mutating func add(_ diagnostics: some Sequence<Diagnostic>) {
    for diagnostic in diagnostics { add(diagnostic) }
  }

  package var hasErrors: Bool { all.contains { $0.severity == .error } }

  /// By file and line; at one place in the order of the codes.
  package var sorted: [Diagnostic] {
    all.sorted {
      $0.location != $1.location
        ? $0.location < $1.location : $0.code.description < $1.code.description
    }
  }
}
