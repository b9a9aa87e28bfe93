// Which series a request counts in, packed into one word.

/// Listener, route, method and status of a finished request.
package struct RequestKey: Sendable, Hashable {
  let packed: UInt64

  /// - Parameter status: 100...599; anything else counts as 0, a request without an answer.
  package init(listener: UInt16, route: UInt16, method: MetricMethod, status: UInt16) {
    let code = status >= 100 && status <= 599 ? status : 0
    packed =
      UInt64(code) | UInt64(method.rawValue) << 16 | UInt64(route) << 24 | UInt64(listener) << 40
  }

  init(packed: UInt64) { self.packed = packed }

  package var status: UInt16 { UInt16(truncatingIfNeeded: packed) }
  package var method: MetricMethod {
    MetricMethod(rawValue: UInt8(truncatingIfNeeded: packed >> 16)) ?? .other
  }
  package var route: UInt16 { UInt16(truncatingIfNeeded: packed >> 24) }
  package var listener: UInt16 { UInt16(truncatingIfNeeded: packed >> 40) }
  package var duration: DurationKey {
    DurationKey(listener: listener, route: route, codeClass: CodeClass(status: status))
  }
}

/// What the duration histograms are told apart by.
package struct DurationKey: Sendable, Hashable, Comparable {
  package let listener: UInt16
  package let route: UInt16
  package let codeClass: CodeClass

  package static func < (a: Self, b: Self) -> Bool {
    (a.listener, a.route, a.codeClass.rawValue) < (b.listener, b.route, b.codeClass.rawValue)
  }
}
