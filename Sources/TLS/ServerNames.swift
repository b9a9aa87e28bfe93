// Which certificates a server name (SNI, RFC 6066 section 3) selects: the exact name first, then
// the longest wildcard.

import Bytes

/// A table from server names to places in a list.
package struct ServerNames: Sendable {
  private var exact: [String: Int] = [:]
  private var wildcards: [String: Int] = [:]

  package init() {}

  /// The form in which names are compared: lower case, without the dot of a fully qualified name.
  package static func canonical(_ name: String) -> String {
    var bytes = name.utf8.map { ASCII.lowercase($0) }
    if bytes.last == 46, bytes.count > 1 { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Gives a name, or a wildcard such as `*.example.com`, its place. Returns the place that it had
  /// before.
  package mutating func insert(_ pattern: String, place: Int) -> Int? {
    let name = Self.canonical(pattern)
    if name.hasPrefix("*.") {
      return wildcards.updateValue(place, forKey: String(name.dropFirst(2)))
    }
    return exact.updateValue(place, forKey: name)
  }

  /// The place for the name that a client sent. A wildcard stands for one or more labels at the
  /// left.
  package func place(for name: String) -> Int? {
    let name = Self.canonical(name)
    if let place = exact[name] { return place }
    guard !wildcards.isEmpty else { return nil }
    var rest = name[...]
    // A name has at most 255 bytes, so at most 127 labels.
    while let dot = rest.firstIndex(of: "."), dot != rest.startIndex {
      rest = rest[rest.index(after: dot)...]
      if let place = wildcards[String(rest)] { return place }
    }
    return nil
  }
}
