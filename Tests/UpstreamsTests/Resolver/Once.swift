// Says yes once for each word, whatever thread asks.

import Synchronization

final class Once: Sendable {
  private let taken = Mutex<Set<String>>([])

  func take(_ word: String) -> Bool { taken.withLock { $0.insert(word).inserted } }
}
