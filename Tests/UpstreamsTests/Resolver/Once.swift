// Says yes once for each word, whatever thread asks.

import Bytes

final class Once: Sendable {
  private let taken = Locked<Set<String>>([])

  func take(_ word: String) -> Bool { taken.withLock { $0.insert(word).inserted } }
}
