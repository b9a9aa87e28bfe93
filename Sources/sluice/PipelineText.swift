// `sluice explain pipeline`: the chain that every request runs through, from the list that fixes
// its order.

import Configuration
import Gateway
import Policies
import PolicyChain

enum PipelineText {
  static var text: String {
    // The client's address and the trace are no policies that a config could leave out.
    let address = Language.schema.declarations(named: "client-ip").map(\.shape)
    let rows =
      address.map { ($0.directive, $0.summary, "Whose word is believed decides all that follows.") }
      + [("(trace)", "W3C trace context, kept or made; always on.", "Every line tells of it.")]
      + StandardPolicies.places.map { place in
        let shape = place.registration.declaration.shape
        return (shape.directive, shape.summary, place.reason)
      }
    let width = rows.map(\.0.count).max() ?? 0
    let margin = String(repeating: " ", count: width + 4)
    let lines = rows.map { name, summary, reason in
      "  " + name + String(repeating: " ", count: width - name.count + 2) + summary + "\n"
        + margin + reason + "\n"
    }
    return """
      Requests meet these from top to bottom, and answers pass the same order on their way out:
      Sluice's own refusals too. The order of statements in a file changes nothing.

      \(lines.joined())
      Then the request is forwarded, unless an action above has answered it.

      """
  }
}
