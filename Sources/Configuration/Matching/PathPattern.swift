// Path patterns: `/a` exactly, `/a/**` by segments with `/a` included, `/a/{id}` one segment. They
// are compared with the canonical path of a request byte for byte, so a pattern may hold only bytes
// that a canonical path can hold.

import Bytes

/// A path pattern as segments, and what it captures.
package struct PathPattern: Sendable, Hashable {
  package enum Segment: Sendable, Hashable {
    /// These bytes. Only the last segment may be empty: `/a/` is `a` and an empty one.
    case literal(String)
    /// `{name}`: one segment that is not empty.
    case parameter
    /// `**`, only as the last: nothing, or a slash and whatever follows.
    case rest
  }

  /// A name for what one segment matched, counted from 0.
  package struct Capture: Sendable, Hashable {
    package let name: String
    package let segment: Int
  }

  /// Segments of one pattern: more than any API has, and few enough to bound a lookup.
  package static let segmentsMax = 64
  /// Parameters of one pattern; a request keeps room for as many.
  package static let capturesMax = 16

  package let segments: [Segment]
  /// In the order of their segments. An intersection may capture a literal, and one segment twice.
  package let captures: [Capture]

  /// `/**`: every path, and the `*` of `OPTIONS *`.
  package static let any = PathPattern(segments: [.rest], captures: [])

  package init(parsing text: String) throws(PatternError) {
    var reader = PathPatternReader(text)
    try reader.read()
    self.init(segments: reader.segments, captures: reader.captures)
  }

  init(segments: [Segment], captures: [Capture]) {
    self.segments = segments
    self.captures = captures
  }

  /// As it is written in the configuration, with the first name that each parameter has.
  package var text: String {
    var text = ""
    for (index, segment) in segments.enumerated() {
      text += "/"
      switch segment {
      case .literal(let literal): text += literal
      case .parameter: text += "{\(captures.first { $0.segment == index }?.name ?? "")}"
      case .rest: text += "**"
      }
    }
    return text
  }

  /// Whether the pattern ends in `**`.
  package var takesRest: Bool { segments.last == .rest }

  /// What both patterns match, or nil when no path matches both. Keeps the captures of both; where
  /// a name captures two different segments, the one of `self` stays.
  package func intersection(_ other: PathPattern) -> PathPattern? {
    var segments: [Segment] = []
    for index in 0...max(self.segments.count, other.segments.count) {
      let mine = self.element(at: index)
      let theirs = other.element(at: index)
      if mine == nil || theirs == nil {
        // One has ended: they meet here, when what is left of the other is at most its `**`.
        guard mine ?? .rest == .rest, theirs ?? .rest == .rest else { return nil }
        return joined(segments, other)
      }
      switch (mine, theirs) {
      case (.rest, .rest): return joined(segments + [.rest], other)
      case (.rest, let segment?), (let segment?, .rest): segments.append(segment)
      case (.parameter, .parameter): segments.append(.parameter)
      case (.parameter, .literal(let text)), (.literal(let text), .parameter):
        guard !text.isEmpty else { return nil }
        segments.append(.literal(text))
      case (.literal(let a), .literal(let b)):
        guard a == b else { return nil }
        segments.append(.literal(a))
      default: preconditionFailure("Every pair of segments is covered above.")
      }
    }
    preconditionFailure("The longer pattern ends inside the loop.")
  }

  /// The segment at `index`, where `**` stands for every segment from its place on; nil after the
  /// end.
  private func element(at index: Int) -> Segment? {
    if index < segments.count { return segments[index] }
    return takesRest ? .rest : nil
  }

  private func joined(_ segments: [Segment], _ other: PathPattern) -> PathPattern {
    let names = Set(captures.map(\.name))
    let all = captures + other.captures.filter { !names.contains($0.name) }
    return PathPattern(segments: segments, captures: all.sorted { $0.segment < $1.segment })
  }
}
