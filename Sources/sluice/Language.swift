// The config language as this version speaks it.

import Configuration

enum Language {
  /// All directives, from which parsing, errors, `explain`, `fmt` and the reference page follow.
  static let schema = Schema(directives: CoreDirectives.all)
}
