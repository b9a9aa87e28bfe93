// An upstream that answers 200 with given fields and keeps what it was sent.

import Bytes
import HTTPMessage
import PolicyChain

final class FakeUpstream: Destination {
  private(set) var received: [String]?
  /// Whose request is kept; nil where nobody asks for it.
  private let test: TestExchange?
  private let fields: [String]

  init(_ test: TestExchange?, fields: [String] = []) {
    self.test = test
    self.fields = fields
  }

  func respond(to exchange: Exchange) async throws(Failure) {
    do { received = try test?.upstreamLines() } catch {
      throw Failure(.internalError, origin: .gateway, retry: .never, detail: "\(error)")
    }
    exchange.response.status = 200
    for line in fields {
      let parts = line.split(separator: ":", maxSplits: 1)
      let name = String(parts[0])
      let value = String(parts[1].drop { $0 == " " })
      let isAdded = exchange.response.fields.add(
        KnownField(name: name.utf8Span.span), name: name.utf8Span.span,
        value: value.utf8Span.span)
      precondition(isAdded, "A test's fields fit.")
    }
  }
}

extension TestExchange {
  /// Runs the exchange as a connection does: chain, failure, egress.
  func run(_ chain: PolicyChain) async {
    do throws(Failure) { try await chain.run(exchange) } catch { exchange.answer(error) }
    chain.runEgress(exchange)
  }
}
