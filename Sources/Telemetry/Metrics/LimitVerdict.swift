// What a limit can decide, as a label.

/// A limit's decision about one request.
package enum LimitVerdict: Int, Sendable, CaseIterable {
  case allowed, refused
  /// The limit only watches.
  case wouldRefuse

  package var label: String {
    switch self {
    case .allowed: "allowed"
    case .refused: "refused"
    case .wouldRefuse: "would_refuse"
    }
  }
}
