// A line diff in the unified form, for `fmt --check`. Files are short; the longest common run of
// lines at both ends is left out first, so that the table of the rest stays small.

struct LineDifference {
  private enum Edit {
    case keep(String)
    case remove(String)
    case add(String)
  }

  /// Cells of the table: beyond that, the whole middle is shown as replaced.
  private static let cellsMax = 4_000_000

  private let old: [Substring]
  private let new: [Substring]

  init(old: String, new: String) {
    self.old = LineDifference.lines(of: old)
    self.new = LineDifference.lines(of: new)
  }

  private static func lines(of text: String) -> [Substring] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  /// The whole difference as one hunk list with a single line of context.
  func text(path: String) -> String {
    var text = "--- \(path)\n+++ \(path) (formatted)\n"
    var (oldLine, newLine) = (1, 1)
    var hunk: [String] = []
    var start = (1, 1)
    func flush() {
      guard !hunk.isEmpty else { return }
      text += "@@ -\(start.0) +\(start.1) @@\n" + hunk.joined(separator: "\n") + "\n"
      hunk = []
    }
    for edit in edits() {
      if hunk.isEmpty { start = (oldLine, newLine) }
      switch edit {
      case .keep:
        flush()
        (oldLine, newLine) = (oldLine + 1, newLine + 1)
      case .remove(let line):
        hunk.append("-" + line)
        oldLine += 1
      case .add(let line):
        hunk.append("+" + line)
        newLine += 1
      }
    }
    flush()
    return text
  }

  private func edits() -> [Edit] {
    let shorter = min(old.count, new.count)
    var head = 0
    while head < shorter, old[head] == new[head] { head += 1 }
    var tail = 0
    while tail < shorter - head, old[old.count - 1 - tail] == new[new.count - 1 - tail] {
      tail += 1
    }
    let left = Array(old[head..<old.count - tail])
    let right = Array(new[head..<new.count - tail])
    return old[..<head].map { .keep(String($0)) } + middle(left, right)
      + old[(old.count - tail)...].map { .keep(String($0)) }
  }

  private func middle(_ left: [Substring], _ right: [Substring]) -> [Edit] {
    guard left.count * right.count <= LineDifference.cellsMax else {
      return left.map { .remove(String($0)) } + right.map { .add(String($0)) }
    }
    // common[i][j]: the length of the longest common run of left[i...] and right[j...].
    var common = [[Int]](
      repeating: [Int](repeating: 0, count: right.count + 1), count: left.count + 1)
    for i in left.indices.reversed() {
      for j in right.indices.reversed() {
        common[i][j] =
          left[i] == right[j] ? common[i + 1][j + 1] + 1 : max(common[i + 1][j], common[i][j + 1])
      }
    }
    var edits: [Edit] = []
    var (i, j) = (0, 0)
    while i < left.count || j < right.count {
      if i < left.count, j < right.count, left[i] == right[j] {
        edits.append(.keep(String(left[i])))
        (i, j) = (i + 1, j + 1)
      } else if j == right.count || (i < left.count && common[i + 1][j] >= common[i][j + 1]) {
        edits.append(.remove(String(left[i])))
        i += 1
      } else {
        edits.append(.add(String(right[j])))
        j += 1
      }
    }
    return edits
  }
}
