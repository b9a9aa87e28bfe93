// A decision in words, so that a table's and a reference's can be compared and printed.

import Bytes
import HTTPMessage
import Routing

extension RouteTable {
  /// `0`, `3 id=7 rest=a/b`, `405 GET, HEAD`, `404`, with `in 2` for the scope of the last two.
  func words(
    _ asked: AskedRequest, names: [String] = [], by method: MatchedMethod = .own
  ) -> String {
    let request = asked.canonical()
    switch lookup(request, by: method) {
    case .route(let route, let parameters):
      var words = "\(route)"
      for name in names.sorted() {
        guard let slot = parameterSlot(of: name, in: route), let range = parameters[slot] else {
          continue
        }
        words += " \(name)=\(request.text(range).text)"
      }
      if let rest = parameters.rest { words += " rest=\(request.text(rest).text)" }
      return words
    case .methodNotAllowed(let allowed, let scope):
      var output = Output(capacity: 64)
      append(allowed, to: &output)
      return "405 \(output.bytes.text)" + (scope.map { " in \($0)" } ?? "")
    case .notFound(let scope):
      return "404" + (scope.map { " in \($0)" } ?? "")
    }
  }
}
