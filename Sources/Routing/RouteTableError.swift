// Limits of one table, which bound the work of one lookup.

/// A set of routes that is larger than one table may be.
package enum RouteTableError: Error, Sendable, Equatable {
  /// Methods without a standard name.
  case tooManyMethods(max: Int)
  /// Different parameter names over all paths of one route.
  case tooManyParameters(route: Int, max: Int)
  /// Different names of headers, query parameters and cookies.
  case tooManyFieldNames(max: Int)
  /// Candidates and values that a single request could have to be compared with.
  case tooManySteps(Int, max: Int)

  package var message: String {
    switch self {
    case .tooManyMethods(let max):
      "the routes of one listener name more than \(max) methods that have no standard meaning"
    case .tooManyParameters(_, let max):
      "the paths of one route name more than \(max) different parameters"
    case .tooManyFieldNames(let max):
      "the routes of one listener match more than \(max) different headers, queries and cookies"
    case .tooManySteps(let steps, let max):
      "one request could be compared with \(steps) routes before one is found; at most \(max) may"
        + " stand behind one host and path"
    }
  }
}
