// What policies need from outside. Gateway plugs the real ones in; tests plug fakes in.

import Bytes
import Telemetry

/// Unpredictable bytes.
public protocol RandomSource: AnyObject {
  func next() -> UInt64
}

/// The services of one worker.
public final class Services {
  public let random: any RandomSource
  package let metrics: WorkerMetrics

  package init(random: any RandomSource, metrics: WorkerMetrics) {
    self.random = random
    self.metrics = metrics
  }
}
