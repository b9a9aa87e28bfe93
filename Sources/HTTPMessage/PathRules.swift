// The canonical path: one spelling per resource, so that what is matched is what is authorised and
// forwarded. RFC 3986 sections 3.3 and 6.2.2. Policies that change a path check the result here
// again.

import Bytes

/// What happens to a path that has dot segments or empty segments. The default refuses both.
///
/// In every mode these are refused: bytes that are no `pchar`; `;`, `\` and `#`; a `%` without two
/// hexadecimal digits; encoded slashes, backslashes and control characters; encoded bytes that only
/// an overlong UTF-8 form can hold; a path that climbs above its root. In every mode these become
/// one spelling, since RFC 3986 section 6.2.2 calls them the same and every origin reads them
/// alike: encoded unreserved characters are decoded, and hexadecimal digits are in upper case. What
/// is encoded twice stays so: nothing is ever decoded twice.
public struct PathRules: Sendable, Equatable {
  /// Whether `.` and `..` segments, also encoded ones, are resolved rather than refused.
  public var normalizesDots = false
  /// Whether empty segments are dropped rather than refused.
  public var normalizesSlashes = false

  public init() {}

  public enum Verdict: Sendable, Equatable {
    /// The path is canonical as it is.
    case canonical
    /// `rewrite` gives the canonical spelling.
    case equivalent
    /// The path may not be used.
    case refused
  }

  /// Judges `path`, which has no query.
  public func verdict(on path: Span<UInt8>) -> Verdict {
    guard path.count > 0, path[0] == 0x2F else { return .refused }
    var isCanonical = true
    var encoded: UInt8 = 0
    var index = 0
    while true {
      let next = path.firstNonNameByte(from: index)
      // A byte that stands for itself ends a run of encoded octets.
      if next != index { encoded = 0 }
      index = next
      guard index < path.count else { return isCanonical ? .canonical : .equivalent }
      let byte = path[index]
      if byte == 0x2F {
        index &+= 1
        switch segment(of: path, at: index) {
        case .canonical: break
        case .equivalent: isCanonical = false
        case .refused: return .refused
        }
      } else if byte == 0x25 {
        guard let octet = EncodedOctet(path, at: index), octet.isAllowed(after: encoded)
        else { return .refused }
        if !octet.isCanonical { isCanonical = false }
        encoded = octet.value
        index &+= 3
        continue
      } else {
        guard ByteSet.path.contains(byte) else { return .refused }
        index &+= 1
      }
      encoded = 0
    }
  }

  /// Appends the canonical spelling of `path`, for which the verdict was `equivalent`, to `output`.
  /// Returns false when the path climbs above its root.
  public func rewrite(_ path: Span<UInt8>, into output: inout Output) -> Bool {
    let root = output.count
    var index = 0
    while index < path.count {
      let segmentStart = output.count
      output.append(UInt8(0x2F))
      index = Self.appendSegment(of: path, at: index + 1, to: &output)
      let isLast = index == path.count
      let written = output.count - segmentStart - 1
      if written == 0, !isLast, normalizesSlashes {
        output.truncate(to: segmentStart)
      } else if Self.areDots(output[segmentStart + 1..<output.count]) {
        output.truncate(to: segmentStart)
        if written == 2, !Self.dropSegment(of: &output, root: root) { return false }
        if isLast { output.append(UInt8(0x2F)) }
      }
    }
    return true
  }

  /// Judges the start of the segment at `start` for being empty or a dot segment.
  private func segment(of path: Span<UInt8>, at start: Int) -> Verdict {
    guard start < path.count else { return .canonical }
    if path[start] == 0x2F { return normalizesSlashes ? .equivalent : .refused }
    guard path[start] == 0x2E || path[start] == 0x25 else { return .canonical }
    var index = start
    var dots = 0
    while index < path.count, path[index] != 0x2F {
      if path[index] == 0x2E {
        index += 1
      } else if EncodedOctet(path, at: index)?.value == 0x2E {
        index += 3
      } else {
        return .canonical
      }
      dots += 1
    }
    if dots > 2 { return .canonical }
    return normalizesDots ? .equivalent : .refused
  }

  /// Appends one segment with its encodings made canonical. Returns the index of what follows it.
  private static func appendSegment(
    of path: Span<UInt8>, at start: Int, to output: inout Output
  ) -> Int {
    var index = start
    while index < path.count, path[index] != 0x2F {
      if let octet = EncodedOctet(path, at: index) {
        octet.append(to: &output)
        index += 3
      } else {
        output.append(path[index])
        index += 1
      }
    }
    return index
  }

  private static func areDots(_ segment: Span<UInt8>) -> Bool {
    segment.equals(".") || segment.equals("..")
  }

  /// Cuts the last segment off, with its slash. Returns false when there is none.
  private static func dropSegment(of output: inout Output, root: Int) -> Bool {
    guard output.count > root else { return false }
    var index = output.count - 1
    while index > root, output.bytes[index] != 0x2F { index -= 1 }
    output.truncate(to: index)
    return true
  }
}

/// One `%` with its two digits. RFC 3986 section 2.1.
private struct EncodedOctet {
  let value: UInt8
  private let hasLowerCaseDigits: Bool

  /// Nil when there is no percent sign with two hexadecimal digits at `index`.
  init?(_ text: Span<UInt8>, at index: Int) {
    guard index < text.count &- 2, text[index] == 0x25,
      let high = ASCII.hexValue(text[index &+ 1]), let low = ASCII.hexValue(text[index &+ 2])
    else { return nil }
    value = high &<< 4 | low
    hasLowerCaseDigits = text[index &+ 1] >= 0x61 || text[index &+ 2] >= 0x61
  }

  var isCanonical: Bool { !hasLowerCaseDigits && !ByteSet.unreserved.contains(value) }

  /// Not a control character, slash or backslash, and no part of an overlong UTF-8 form, in which
  /// lenient decoders find slashes and dots. `previous` is the octet encoded directly before, or
  /// zero.
  func isAllowed(after previous: UInt8) -> Bool {
    switch value {
    case 0..<0x20, 0x7F, 0x2F, 0x5C, 0xC0, 0xC1, 0xF5...0xFF: false
    case 0x80..<0x90: previous != 0xE0 && previous != 0xF0
    case 0x90..<0xA0: previous != 0xE0
    default: true
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }

  func append(to output: inout Output) {
    if ByteSet.unreserved.contains(value) {
      output.append(value)
    } else {
      output.append(UInt8(0x25))
      output.append(Self.digit(value >> 4))
      output.append(Self.digit(value & 15))
    }
  }
}
