// Keys that a store has refused, until their next token: asking again before that is in vain.

/// A bounded table of one worker. A newer key takes the place of an older one.
public final class RefusedKeys {
  /// Slots: 96 KiB for each worker and store.
  private static let slotCount = 4096

  private struct Slot: BitwiseCopyable {
    var key: UInt64 = 0
    /// What the request cost: a cheaper one may pass.
    var units: UInt64 = 0
    /// On the worker's own clock, in nanoseconds.
    var until: UInt64 = 0
  }

  private var slots = ContiguousArray(repeating: Slot(), count: slotCount)

  public init() {}

  /// Notes a refusal for so many seconds.
  public func note(_ key: UInt64, units: UInt64, until: UInt64) {
    slots[index(of: key)] = Slot(key: key, units: units, until: until)
  }

  /// Whole seconds for which the key is still refused at that cost; zero when it may be asked for.
  public func seconds(for key: UInt64, units: UInt64, now: UInt64) -> UInt64 {
    let slot = slots[index(of: key)]
    guard slot.key == key, slot.units <= units, slot.until > now else { return 0 }
    return (slot.until - now - 1) / 1_000_000_000 + 1
  }

  private func index(of key: UInt64) -> Int {
    Int(truncatingIfNeeded: key >> 20) & (Self.slotCount - 1)
  }
}
