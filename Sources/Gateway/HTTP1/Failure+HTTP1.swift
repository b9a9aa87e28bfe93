// A broken rule of HTTP/1 as the failure of an exchange.

import HTTP1
import PolicyChain

extension Failure {
  /// A request that breaks a rule.
  init(_ error: HTTP1Error) {
    self.init(
      Reason(error.reason, error.status, error.sentence), origin: .downstream, retry: .never)
  }
}
