// What authentication and authorization decided about a request, as a label.

package enum AuthOutcome: UInt8, Sendable, CaseIterable {
  case proved, missing, invalid, insufficient
  /// The credential could not be judged at that time.
  case undecided
  /// A rule in shadow mode would have refused it.
  case wouldDeny

  package var label: String {
    switch self {
    case .proved: "proved"
    case .missing: "missing"
    case .invalid: "invalid"
    case .insufficient: "insufficient"
    case .undecided: "undecided"
    case .wouldDeny: "would_deny"
    }
  }
}
