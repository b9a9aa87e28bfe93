// One check of one server: a connection of its own, the same TLS as requests, and a GET when a path
// is given.

import Engine
import TLS
import Transport

/// Checks servers one after the other, on the loop that it was made on.
final class HealthProbe {
  private let rule: HealthRule
  private let resources: WorkerResources
  private let client: OwnClient

  /// - Parameter waiter: parks the task that checks; cancelling it ends a check.
  init(_ rule: HealthRule, resources: WorkerResources, waiter: Waiter) {
    self.rule = rule
    self.resources = resources
    client = OwnClient(resources: resources, waiter: waiter)
  }

  /// Asks the server once. Returns nil when it is well, else why it is not.
  ///
  /// - Parameters:
  ///   - context: nil for clear text.
  ///   - host: what the Host field says.
  func check(
    _ address: SocketAddress, context: TLSClientContext?, host: String
  ) async -> String? {
    let deadline = resources.loop.now.advanced(milliseconds: rule.timeout)
    do throws(OwnRequestError) {
      guard let path = rule.path else {
        try await client.connect(to: address, context: context, until: deadline)
        return nil
      }
      let request = OwnRequest(target: path, host: host, agent: "sluice-health", bodyMax: nil)
      let answer = try await client.ask(
        request, at: address, context: context, until: deadline)
      return rule.expect.contains(answer.status) ? nil : "status \(answer.status)"
    } catch {
      return error == .timedOut ? "no answer within \(rule.timeout) ms" : error.text
    }
  }
}
