// One request against all its buckets: all are checked, then all are taken, so that a refusal by
// one takes nothing from another.

/// What one limit takes of its bucket for a request.
public struct Charge: Sendable {
  public let bucket: LocalBucket
  /// In units of the bucket's meter.
  public let units: UInt64
  /// A limit that only watches refuses nothing.
  let isShadow: Bool

  /// - Parameter tokens: at most what the bucket can hold, which the config is checked for.
  public init(_ bucket: LocalBucket, tokens: UInt64, isShadow: Bool) {
    precondition(tokens <= bucket.meter.tokensMax, "What costs more than a bucket never passes.")
    self.bucket = bucket
    units = tokens * bucket.meter.unitsPerToken
    self.isShadow = isShadow
  }
}

/// What came of one charge.
public struct ChargeOutcome: Sendable, BitwiseCopyable {
  /// The hash of the bucket's key, set before.
  public var key: UInt64 = 0
  /// Whether the bucket has what the request costs.
  public var isPassed = true
  /// Whether anything is known of the bucket.
  public var isKnown = false
  /// Whole tokens that are left.
  public var remaining: UInt64 = 0
  /// Whole seconds: until there is enough when there is not, until the next token when none is
  /// left, else until the bucket is full.
  public var seconds: UInt64 = 0

  public init() {}
}

/// Charges that are decided together, in the order of their buckets' locks.
public struct Charges: Sendable {
  /// Buckets that one request may be counted in: each costs a lock and a field's member.
  public static let countMax = 8
  public typealias Outcomes = InlineArray<8, ChargeOutcome>

  private let charges: ContiguousArray<Charge>
  /// Where their outcomes begin.
  private let offset: Int

  public var isEmpty: Bool { charges.isEmpty }

  /// - Parameters:
  ///   - charges: of different buckets, `countMax` at most.
  ///   - offset: the index of the first one's outcome.
  public init(_ charges: [Charge], offset: Int = 0) {
    self.offset = offset
    precondition(charges.count <= Self.countMax, "The config is checked for the number of limits.")
    self.charges = ContiguousArray(charges)
    for (before, after) in zip(charges, charges.dropFirst()) {
      precondition(before.bucket.order < after.bucket.order, "Locks have an order.")
    }
  }

  /// The order that charges have to stand in.
  public static func stands(_ left: LocalBucket, before right: LocalBucket) -> Bool {
    left.order < right.order
  }

  /// Decides all: takes from every bucket, or from none. The keys stand in `outcomes` before.
  ///
  /// Returns whether the request may pass. What the outcomes tell is as of after the decision.
  /// - Parameter sharers: so many count the same limit apart: each token costs as many times more.
  public func decide(
    at now: MeterTime, sharers: UInt64 = 1, _ outcomes: inout Outcomes
  ) -> Bool {
    decide(from: 0, isPassing: true, at: now, sharers, &outcomes)
  }

  /// Gives back what a decision has taken.
  public func giveBack(at now: MeterTime, _ outcomes: Outcomes) {
    for index in charges.indices where outcomes[offset + index].isPassed {
      let key = outcomes[offset + index].key
      charges[index].bucket.withTable(of: key) { table in
        table.giveBack(charges[index].units, to: key, at: now)
      }
    }
  }

  /// Looks at one bucket, goes on to the next with the lock held, and takes on the way back.
  private func decide(
    from index: Int, isPassing: Bool, at now: MeterTime, _ sharers: UInt64,
    _ outcomes: inout Outcomes
  ) -> Bool {
    guard index < charges.count else { return isPassing }
    let slot = offset + index
    let key = outcomes[slot].key
    return charges[index].bucket.withTable(of: key) { table in
      let charge = charges[index]
      var level = table.level(of: key, at: now)
      let units = charge.units(for: sharers)
      let hasEnough = level >= units
      outcomes[slot].isPassed = hasEnough
      let passes = decide(
        from: index + 1, isPassing: isPassing && (hasEnough || charge.isShadow), at: now,
        sharers, &outcomes)
      if passes, hasEnough {
        table.take(units, from: key, at: now)
        level -= units
      }
      outcomes[slot].tell(
        charge.bucket.meter, level, wanted: hasEnough ? nil : units, tokensEach: sharers, at: now)
      return passes
    }
  }
}

extension Charge {
  /// At most a full bucket, so that a share is never nothing.
  fileprivate func units(for sharers: UInt64) -> UInt64 {
    let (product, isOver) = units.multipliedReportingOverflow(by: sharers)
    return isOver ? bucket.meter.capacity : min(product, bucket.meter.capacity)
  }
}

extension ChargeOutcome {
  /// Says what is left of a bucket.
  /// - Parameters:
  ///   - wanted: what the request costs, when there is not enough.
  ///   - sharers: so many count the same limit apart.
  public mutating func tell(
    _ meter: Meter, _ level: UInt64, wanted: UInt64?, tokensEach sharers: UInt64, at now: MeterTime
  ) {
    let (each, isOver) = meter.unitsPerToken.multipliedReportingOverflow(by: sharers)
    let token = isOver ? meter.capacity : min(each, meter.capacity)
    isKnown = true
    remaining = level / token
    let target = wanted ?? (remaining == 0 ? token : meter.capacity)
    seconds = meter.seconds(from: level, to: target, at: now)
  }
}
