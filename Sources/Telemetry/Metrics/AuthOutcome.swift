// What authentication and authorization decided about a request, as a label.

package enum AuthOutcome: UInt8, Sendable, CaseIterable {
  case proved, missing, invalid, insufficient
  /// A rule in shadow mode would have refused it.
  case wouldDeny

  package var label: String {
    switch self {
    case .proved: "proved"
    case .missing: "missing"
    case .invalid: "invalid"
    case .insufficient: "insufficient"
    case .wouldDeny: "would_deny"
    }
  }
}
