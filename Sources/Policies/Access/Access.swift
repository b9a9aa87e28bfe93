// Refuses clients by their address. The address is the one that `client-ip` decided: what a
// stranger says about itself never counts.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

/// The `access` policy: one statement. Those of all scopes must hold, so that an inner one only
/// narrows.
package final class Access: Admission {
  package struct Settings: Sendable {
    package var allowed: [CIDR] = []
    package var denied: [CIDR] = []
    package var isShadow = false
  }

  package static let manual = Manual(
    directive: "access",
    summary: "Refuses clients by address with 403. The statements of all scopes must hold.",
    inheritance: .conjunction, isRepeatable: true,
    defaults: Settings(),
    properties: [
      .list("allow", \.allowed, of: ValueType.cidr.literal, "Networks that pass, and no others."),
      .list(
        "deny", \.denied, of: ValueType.cidr.literal,
        "Networks that do not pass, whatever 'allow' says."),
      .flag("shadow", \.isShadow, "Decide and log 'would_deny', but let pass."),
    ],
    examples: [
      Example(
        "only one network may pass, and not all of it",
        config: "access allow=[198.51.100.0/24] deny=[198.51.100.128/25]",
        .send("GET /", expect: .forwarded)),
      Example(
        "a client outside is refused", config: "access allow=[10.0.0.0/8 fd00::/8]",
        .send("GET /", expect: .refused(403, reason: "address_not_allowed"))),
      Example(
        "inner scopes narrow: both statements must hold",
        config: "access allow=[198.51.100.0/24]\naccess deny=[198.51.100.7/32]",
        .send("GET /", expect: .refused(403, reason: "address_not_allowed"))),
      Example(
        "a rule on trial lets pass what it would refuse",
        config: "access allow=[10.0.0.0/8] shadow=on", .send("GET /", expect: .forwarded)),
    ],
    check: { settings in
      settings.allowed.isEmpty && settings.denied.isEmpty
        ? [
          SettingsProblem(
            "allow", "'access' names no network", help: "write allow=[...], deny=[...] or both")
        ] : []
    })

  package static let registration = Registration(.beforeIdentity, manual, off: nil) {
    settings, context in
    PolicyParts(admission: Access(settings, place: context.place))
  }

  private let table: AddressTable
  private let needsAddress: Bool
  private let denial: Denial

  /// - Parameter place: where the statement is written, for the log.
  package init(_ settings: Settings, place: String) {
    table = AddressTable(allowed: settings.allowed, denied: settings.denied)
    needsAddress = !settings.allowed.isEmpty
    denial = Denial(
      cause: .addressNotAllowed, rule: Array("access \(place)".utf8), identity: nil,
      isShadow: settings.isShadow, isOfCredentials: false)
  }

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    // A client on a unix socket has no address: it is in no network.
    let isAllowed = exchange.clientAddress.map { table.allows($0) } ?? !needsAddress
    guard isAllowed else { return try exchange.deny(denial, .addressNotAllowed) }
    return .pass
  }
}

extension DenyCause {
  fileprivate static let addressNotAllowed = DenyCause("address_not_allowed")
}

extension Reason {
  fileprivate static let addressNotAllowed = Reason(
    "address_not_allowed", 403, "Clients of this address may not call this resource.")
}
