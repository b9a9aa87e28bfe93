// One request against all its buckets: all are checked, then all are taken, so that a refusal by
// one takes nothing from another.

/// What one limit takes of its bucket for a request.
public struct Charge: Sendable {
  public let bucket: LocalBucket
  /// In units of the bucket's meter.
  let units: UInt64
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

  /// - Parameter charges: of different buckets, `countMax` at most.
  public init(_ charges: [Charge]) {
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
  public func decide(at now: MeterTime, _ outcomes: inout Outcomes) -> Bool {
    decide(from: 0, isPassing: true, at: now, &outcomes)
  }

  /// Looks at one bucket, goes on to the next with the lock held, and takes on the way back.
  private func decide(
    from index: Int, isPassing: Bool, at now: MeterTime, _ outcomes: inout Outcomes
  ) -> Bool {
    guard index < charges.count else { return isPassing }
    let key = outcomes[index].key
    return charges[index].bucket.withTable(of: key) { table in
      let charge = charges[index]
      var level = table.level(of: key, at: now)
      let hasEnough = level >= charge.units
      outcomes[index].isPassed = hasEnough
      let passes = decide(
        from: index + 1, isPassing: isPassing && (hasEnough || charge.isShadow), at: now,
        &outcomes)
      if passes, hasEnough {
        table.take(charge.units, from: key, at: now)
        level -= charge.units
      }
      charge.tell(level, hasEnough: hasEnough, at: now, &outcomes[index])
      return passes
    }
  }
}

extension Charge {
  fileprivate func tell(
    _ level: UInt64, hasEnough: Bool, at now: MeterTime, _ outcome: inout ChargeOutcome
  ) {
    let meter = bucket.meter
    outcome.remaining = level / meter.unitsPerToken
    let wanted =
      !hasEnough ? units : outcome.remaining == 0 ? meter.unitsPerToken : meter.capacity
    outcome.seconds = meter.seconds(from: level, to: wanted, at: now)
  }
}
