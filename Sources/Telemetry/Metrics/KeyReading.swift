// How the published keys of an identity are, for one scrape.

package struct KeyReading: Sendable {
  package let identity: String
  /// Nil while there are none.
  package let ageSeconds: UInt64?
  package let fetches: [(outcome: String, count: UInt64)]

  package init(
    identity: String, ageSeconds: UInt64?, fetches: [(outcome: String, count: UInt64)]
  ) {
    self.identity = identity
    self.ageSeconds = ageSeconds
    self.fetches = fetches
  }
}

extension MetricsPage {
  func appendKeys(to page: inout Exposition) {
    page.family(
      "sluice_identity_keys_age_seconds", .gauge,
      "How long ago an identity's keys were last fetched, or kept by the process before.")
    for one in keys {
      if let age = one.ageSeconds { page.sample([("identity", one.identity)], age) }
    }
    page.family("sluice_identity_key_fetches", .counter, "Fetches of an identity's keys.")
    for one in keys {
      for (outcome, count) in one.fetches where count > 0 {
        page.sample([("identity", one.identity), ("outcome", outcome)], count)
      }
    }
  }
}
