// Who waits for a place: first come, first served within a key, and the keys in turn. When it is
// full the key with the most waiting makes room, so that one noisy caller cannot fill it.

/// A bounded queue of waiting requests.
struct FairQueue<Element: AnyObject> {
  enum Outcome {
    case queued
    case full
    /// It is queued, and this one, the newest of the longest line, is not any more.
    case displaced(Element)
  }

  var countMax: Int
  private(set) var count = 0
  /// Those that wait, by key; no line is empty.
  private var lines: [UInt64: [Element]] = [:]
  /// The keys in the order in which they are served next.
  private var turn: [UInt64] = []

  init(countMax: Int) { self.countMax = countMax }

  var isEmpty: Bool { count == 0 }

  mutating func append(_ element: Element, key: UInt64) -> Outcome {
    guard count >= countMax else {
      add(element, key: key)
      return .queued
    }
    // Only a line that stays at least as long as the newcomer's gives one up.
    guard let longest = turn.max(by: { length(of: $0) < length(of: $1) }),
      length(of: longest) > length(of: key) + 1, let last = lines[longest]?.popLast()
    else { return .full }
    count -= 1
    add(element, key: key)
    return .displaced(last)
  }

  /// The next one, which leaves the queue.
  mutating func popFirst() -> Element? {
    guard !turn.isEmpty else { return nil }
    let key = turn.removeFirst()
    guard var line = lines[key] else { preconditionFailure("A key in turn has a line.") }
    let first = line.removeFirst()
    count -= 1
    if line.isEmpty {
      lines[key] = nil
    } else {
      lines[key] = line
      turn.append(key)
    }
    return first
  }

  /// Takes one out. Returns false when it is not there.
  mutating func remove(_ element: Element, key: UInt64) -> Bool {
    guard let index = lines[key]?.firstIndex(where: { $0 === element }) else { return false }
    lines[key]?.remove(at: index)
    count -= 1
    if length(of: key) == 0 {
      lines[key] = nil
      turn.removeAll { $0 == key }
    }
    return true
  }

  private func length(of key: UInt64) -> Int { lines[key]?.count ?? 0 }

  private mutating func add(_ element: Element, key: UInt64) {
    if lines[key] == nil { turn.append(key) }
    lines[key, default: []].append(element)
    count += 1
  }
}
