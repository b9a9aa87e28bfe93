// Paths as the config writes them: joining, and globs. Text only; nothing here touches a disk.

package enum FilePath {
  /// The folder part, without its final `/`; empty for a bare name.
  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// `path` as seen from `folder`, with `.` and `x/..` taken out, so that one file has one name.
  package static func join(_ folder: String, _ path: String) -> String {
    let whole = path.hasPrefix("/") || folder.isEmpty ? path : folder + "/" + path
    var parts: [Substring] = []
    for part in whole.split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != ".." {
        parts.removeLast()
      } else {
        parts.append(part)
      }
    }
    return (whole.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }

  static func isGlob(_ path: String) -> Bool { path.contains("*") || path.contains("?") }

  /// The paths that a glob finds, in byte order. `*` and `?` stay within one name and pass over
  /// hidden files.
  static func expand(_ pattern: String, in files: some FileSource) -> [String] {
    let isAbsolute = pattern.hasPrefix("/")
    var found = [isAbsolute ? "/" : ""]
    for part in pattern.split(separator: "/") {
      found = found.flatMap { folder -> [String] in
        let prefix = folder.isEmpty || folder == "/" ? folder : folder + "/"
        guard isGlob(String(part)) else { return [prefix + part] }
        let names = files.names(inFolder: folder) ?? []
        return names.filter { matches(Array(part.utf8), Array($0.utf8)) }.map { prefix + $0 }
      }
    }
    return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Whether a name fits a pattern, without backtracking more than one `*`.
  private static func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
    guard name.first != UInt8(ascii: ".") || pattern.first == UInt8(ascii: ".") else {
      return false
    }
    var (at, start) = (0, 0)
    var star: Int?
    var index = 0
    while index < name.count {
      if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
        star = at
        start = index
        at += 1
      } else if at < pattern.count,
        pattern[at] == name[index] || pattern[at] == UInt8(ascii: "?")
      {
        at += 1
        index += 1
      } else if let star {
        start += 1
        index = start
        at = star + 1
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
