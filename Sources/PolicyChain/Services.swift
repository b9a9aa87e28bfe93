// What policies need from outside. Gateway plugs the real ones in; tests plug fakes in.

import Bytes

/// Unpredictable bytes.
package protocol RandomSource: AnyObject {
  func next() -> UInt64
}

/// The services of one worker.
package final class Services {
  package let random: any RandomSource

  package init(random: any RandomSource) { self.random = random }
}
