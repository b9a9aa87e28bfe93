// The files of one config, so that a diagnostic can show its line and how the file came in.

/// Every file that was read, by path.
package struct SourceSet: Sendable {
  private var texts: [String: SourceText] = [:]
  private var concealed: [SourceLocation] = []

  package init() {}

  package mutating func insert(_ text: SourceText) { texts[text.path] = text }

  package subscript(path: String) -> SourceText? { texts[path] }

  /// Keeps a run out of every excerpt: a secret that stands in the config as text.
  mutating func conceal(_ locations: [SourceLocation]) { concealed += locations }

  /// A line as excerpts show it.
  func excerpt(at place: SourceLocation) -> String? {
    guard let line = texts[place.file]?.line(place.line) else { return nil }
    var scalars = Array(line.unicodeScalars)
    for hidden in concealed where hidden.file == place.file && hidden.line == place.line {
      let start = min(hidden.column - 1, scalars.count)
      for index in start..<min(start + hidden.length, scalars.count) { scalars[index] = "*" }
    }
    return String(String.UnicodeScalarView(scalars))
  }

  package var count: Int { texts.count }

  package var paths: [String] { Array(texts.keys) }

  /// The includes that lead to a file, the nearest first.
  package func chain(of path: String) -> [SourceLocation] {
    var chain: [SourceLocation] = []
    var next = texts[path]?.includedFrom
    // A chain without a cycle is no longer than the files.
    while let location = next, chain.count <= texts.count {
      chain.append(location)
      next = texts[location.file]?.includedFrom
    }
    return chain
  }
}
