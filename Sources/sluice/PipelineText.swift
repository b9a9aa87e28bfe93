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
    let stated = StandardPolicies.all.map(\.declaration.shape)
    let rows =
      address.map { ($0.directive, $0.summary) }
      + [("(trace)", "W3C trace context, kept or made; always on.")]
      + stated.map { ($0.directive, $0.summary) }
    let width = rows.map(\.0.count).max() ?? 0
    let lines = rows.map { name, summary in
      "  " + name + String(repeating: " ", count: width - name.count + 2) + summary + "\n"
    }
    return """
      Requests meet these from top to bottom, and answers pass the same order on their way out:
      Sluice's own refusals too. The order of statements in a file changes nothing.

      \(lines.joined())
      Then the request is forwarded, unless an action above has answered it.

      """
  }
}
