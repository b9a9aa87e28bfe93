// The airlock: fields that Sluice itself sets or judges never come in from outside on a route that
// does not take them over, in whatever spelling. CVE-2026-39858, CVE-2026-31908.

import Bytes
import HTTPMessage
import PolicyChain

/// Takes fields off every request before anything else looks at it.
package final class Airlock: Admission {
  private let known: KnownFieldSet
  /// Names in lower case, with `-` for `_` and `.`, and whether the name itself passes: then only
  /// its aliases are taken off.
  private let names: [(text: [UInt8], passes: Bool)]
  /// A bit for each length from 0 to 63 that a name has; longer ones share the last.
  private let lengths: UInt64

  /// Nil when there is nothing to take off.
  ///
  /// - Parameters:
  ///   - closed: names that no request may bring along here, in lower case.
  ///   - own: names that policies of this chain read or remove by themselves.
  ///   - hasAliases: whether names with `_` and `.` get as far as the chain.
  package init?(closed: Set<String>, own: Set<String>, hasAliases: Bool) {
    var known = KnownFieldSet()
    var names: [(text: [UInt8], passes: Bool)] = []
    for name in closed.subtracting(own).sorted() {
      let field = KnownField(name: name.utf8Span.span)
      if field == .other {
        names.append((Self.canonical(name), false))
      } else {
        known.insert(field)
      }
    }
    if hasAliases {
      let aliased = own.union(closed).union(ClientAddress.claimNames)
      for name in aliased.sorted() where !names.contains(where: { $0.text == Self.canonical(name) })
      {
        names.append((Self.canonical(name), true))
      }
    }
    guard known != KnownFieldSet() || !names.isEmpty else { return nil }
    self.known = known
    self.names = names
    lengths = names.reduce(0) { $0 | Self.bit($1.text.count) }
  }

  package func admit(_ exchange: Exchange) throws(Failure) -> Verdict {
    let fields = exchange.request.fields
    fields.remove(known)
    guard lengths != 0, fields.present.contains(.other) else { return .pass }
    for index in 0..<fields.entries.count {
      let entry = fields.entries[index]
      guard entry.field == .other, !entry.isRemoved,
        lengths & Self.bit(Int(entry.nameCount)) != 0, isClosed(fields.name(at: index))
      else { continue }
      fields.remove(at: index)
    }
    return .pass
  }

  private func isClosed(_ name: Span<UInt8>) -> Bool {
    for closed in names where closed.text.count == name.count {
      var isAlias = false
      var index = 0
      while index < name.count {
        var byte = ASCII.lowercase(name[index])
        if byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") {
          byte = UInt8(ascii: "-")
          isAlias = true
        }
        if byte != closed.text[index] { break }
        index += 1
      }
      if index == name.count { return isAlias || !closed.passes }
    }
    return false
  }

  private static func canonical(_ name: String) -> [UInt8] {
    name.lowercased().utf8.map { byte in
      byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") ? UInt8(ascii: "-") : byte
    }
  }

  private static func bit(_ count: Int) -> UInt64 { 1 << UInt64(min(count, 63)) }
}
