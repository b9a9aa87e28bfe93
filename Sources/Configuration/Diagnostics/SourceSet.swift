// The files of one config, so that a diagnostic can show its line and how the file came in.

/// Every file that was read, by path.
package struct SourceSet: Sendable {
  private var texts: [String: SourceText] = [:]

  package init() {}

  package mutating func insert(_ text: SourceText) { texts[text.path] = text }

  package subscript(path: String) -> SourceText? { texts[path] }

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
