// What a rule does that has decided against a request.

import PolicyChain

extension Exchange {
  /// Refuses the request, or lets it pass when the rule is on trial. The log tells which rule it
  /// was: the one that refused, else the first that would have.
  func deny(_ denial: Denial, _ reason: Reason) throws(Failure) -> Verdict {
    guard denial.isShadow else {
      deny(denial)
      throw .refused(reason)
    }
    if self.denial == nil { deny(denial) }
    return .pass
  }
}
