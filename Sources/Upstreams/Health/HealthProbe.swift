// One check of one server: a connection of its own, the same TLS as requests, and a GET when a path
// is given.

import Engine
import HTTPMessage
import TLS
import Transport

/// Checks servers one after the other, on the loop that it was made on.
final class HealthProbe {
  private let rule: HealthRule
  private let loop: EventLoop
  private let fetch: HTTPFetch

  /// - Parameter waiter: parks the task that checks; cancelling it ends a check.
  init(_ rule: HealthRule, resources: WorkerResources, waiter: Waiter) {
    self.rule = rule
    loop = resources.loop
    fetch = HTTPFetch(resources: resources, waiter: waiter)
  }

  /// Asks the server once. Returns nil when it is well, else why it is not.
  ///
  /// - Parameters:
  ///   - context: nil for clear text.
  ///   - host: what the Host field says.
  func check(
    _ address: SocketAddress, context: TLSClientContext?, host: String
  ) async -> String? {
    let request = rule.path.map { path in
      FetchRequest(
        .get,
        text: Array(
          ("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: sluice-health\r\n"
            + "Accept: */*\r\nConnection: close\r\n\r\n").utf8), body: .ignored)
    }
    do throws(FetchFault) {
      let answer = try await fetch.answer(
        of: address, context: context, to: request,
        until: loop.now.advanced(milliseconds: rule.timeout))
      guard request != nil else { return nil }
      return rule.expect.contains(answer.status) ? nil : "status \(answer.status)"
    } catch { return error.text(within: rule.timeout) }
  }
}
