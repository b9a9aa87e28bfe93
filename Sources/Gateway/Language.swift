// The config language as this version speaks it: the core's directives and the policies'.

import Configuration
import Policies
import PolicyChain

package enum Language {
  /// All directives, from which parsing, errors, `explain`, `fmt` and the reference page follow.
  package static let schema = Schema(
    directives: CoreDirectives.all + StandardPolicies.directives)
}
