// What policies need from outside. Gateway plugs the real ones in; tests plug fakes in.

import Bytes

/// Unpredictable bytes.
public protocol RandomSource: AnyObject {
  func next() -> UInt64
}

/// The services of one worker.
public final class Services {
  public let random: any RandomSource

  public init(random: any RandomSource) { self.random = random }
}
