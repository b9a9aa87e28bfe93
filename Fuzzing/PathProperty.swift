// Whatever the bytes of a path: its canonical spelling is canonical, and holds nothing that a
// lenient origin could read as another path.
import Bytes
import HTTPMessage

enum PathProperty {
  static func check(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    var rules = PathRules()
    rules.normalizesDots = first & 1 != 0
    rules.normalizesSlashes = first & 2 != 0
    let path = Array(bytes.dropFirst())
    switch rules.verdict(on: path.span) {
    case .refused: return
    case .canonical: checkCanonical(path)
    case .equivalent:
      var output = Output(capacity: 64)
      guard rules.rewrite(path.span, into: &output) else { return }
      let rewritten = output.bytes.array
      precondition(
        rules.verdict(on: rewritten.span) == .canonical, "A rewritten path is canonical.")
      checkCanonical(rewritten)
    }
  }

  private static func checkCanonical(_ path: [UInt8]) {
    precondition(path.first == 0x2F, "A path starts with a slash.")
    precondition(path.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "A path has visible bytes only.")
    let forbidden: Set<UInt8> = [0x3B, 0x5C, 0x23, 0x3F]
    precondition(forbidden.isDisjoint(with: path), "A path has no delimiter of another part.")
    let decoded = decode(path)
    let segments = decoded.split(separator: 0x2F, omittingEmptySubsequences: false).dropFirst()
    precondition(
      segments.count == path.count { $0 == 0x2F }, "Decoding a path makes no new segment.")
    for segment in segments {
      precondition(!segment.elementsEqual([0x2E]), "A dot segment is left.")
      precondition(!segment.elementsEqual([0x2E, 0x2E]), "A dot segment is left.")
    }
    precondition(!segments.dropLast().contains { $0.isEmpty }, "An empty segment is left.")
    precondition(
      !decoded.contains { $0 < 0x20 || $0 == 0x5C }, "A control or backslash is encoded.")
  }

  private static func decode(_ path: [UInt8]) -> [UInt8] {
    var decoded: [UInt8] = []
    var index = 0
    while index < path.count {
      guard path[index] == 0x25 else {
        decoded.append(path[index])
        index += 1
        continue
      }
      let digits = String(decoding: path[index...].dropFirst().prefix(2), as: UTF8.self)
      guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else {
        preconditionFailure("A percent sign has two digits.")
      }
      decoded.append(value)
      index += 3
    }
    return decoded
  }
}
