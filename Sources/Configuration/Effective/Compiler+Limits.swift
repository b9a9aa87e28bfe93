// What `limit` statements must be for the buckets that they name.

extension Compiler {
  /// A request that costs more than its bucket can ever hold would never pass.
  mutating func checkCosts(_ statements: [CheckedStatement]) {
    for (limit, statement) in statements.all(LimitDirectives.limit) {
      guard let bucket = buckets[limit.bucket], bucket.tokensMax > 0,
        limit.cost > bucket.tokensMax
      else { continue }
      report(
        .settingsConflict,
        "a request would cost \(limit.cost), and '\(limit.bucket)' never holds more than "
          + "\(bucket.tokensMax)", at: statement.location(of: "cost"),
        notes: names.place(of: limit.bucket, .bucket).map { [.init("the bucket", at: $0)] } ?? [])
    }
    for statement in statements { checkCosts(statement.block) }
  }

  /// Each limit costs every request of its routes a lock, and each of their answers a member.
  mutating func checkLimitCount(of folded: FoldedScope, changedBy statements: [CheckedStatement]) {
    let entries = folded.sets[LimitDirectives.limit.shape.directive] ?? []
    let count = entries.reduce(0) { $0 + policies(of: $1) }
    refuseSeveralStores(entries, statements)
    checkTierCount(entries, statements)
    guard count > LimitDirectives.perRouteMax,
      let own = statements.last(where: { $0.directive == LimitDirectives.limit.shape.directive })
    else { return }
    report(
      .tooLarge,
      "\(count) limits hold here, rates and quotas counted; \(LimitDirectives.perRouteMax) are the "
        + "most", at: own.location)
  }

  /// Each combination of tiers has limits of its own.
  private mutating func checkTierCount(
    _ entries: [FoldedEntry], _ statements: [CheckedStatement]
  ) {
    let combinations = entries.reduce(1) { count, entry in
      let limit = entry.declaration.settings(applying: entry.values) as? RequestLimitSettings
      let tiers = limit.flatMap { buckets[$0.bucket] }?.tiers.count ?? 0
      return min(count * (tiers + 1), 1 << 20)
    }
    guard combinations > LimitDirectives.tierCombinationsMax,
      let own = statements.last(where: { $0.directive == LimitDirectives.limit.shape.directive })
    else { return }
    report(
      .tooLarge,
      "\(combinations) combinations of tiers hold here; \(LimitDirectives.tierCombinationsMax)"
        + " are the most", at: own.location)
  }

  /// One step decides for all buckets of a request, which one store only can take.
  private mutating func refuseSeveralStores(
    _ entries: [FoldedEntry], _ statements: [CheckedStatement]
  ) {
    let stores = entries.compactMap { entry -> String? in
      let limit = entry.declaration.settings(applying: entry.values) as? RequestLimitSettings
      guard case .redis(let name)? = limit.flatMap({ buckets[$0.bucket] })?.store else {
        return nil
      }
      return name
    }
    guard let first = stores.first, let other = stores.first(where: { $0 != first }),
      let own = statements.last(where: { $0.directive == LimitDirectives.limit.shape.directive })
    else { return }
    report(
      .settingsConflict, "limits of one route count in one redis, not in '\(first)' and '\(other)'",
      at: own.location)
  }

  /// What a limit counts as: a bucket may have a rate and a quota.
  private func policies(of entry: FoldedEntry) -> Int {
    let limit = entry.declaration.settings(applying: entry.values) as? RequestLimitSettings
    guard let bucket = limit.flatMap({ buckets[$0.bucket] }) else { return 1 }
    return (bucket.rate == nil ? 0 : 1) + (bucket.quota == nil ? 0 : 1)
  }
}
