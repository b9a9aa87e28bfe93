// Methods as bits: those that have a name in HTTPMessage first, then those that the routes of one
// table name.

import Bytes
import HTTPMessage

/// A set of methods of one `RouteTable`, which alone can spell it out.
package struct MethodSet: Sendable, Hashable {
  var bits: UInt32

  /// A route that names no method takes all of them.
  /// Computed, since a stored one would be asked for through a lock in every lookup.
  static var all: MethodSet { MethodSet(bits: .max) }
  static var empty: MethodSet { MethodSet(bits: 0) }
  static var get: MethodSet { MethodSet(.get) }
  static var head: MethodSet { MethodSet(.head) }

  init(bits: UInt32) { self.bits = bits }

  /// `other` stands for a method that no route names.
  init(_ method: Method) { bits = 1 << UInt32(method.rawValue) }

  func intersects(_ other: MethodSet) -> Bool { bits & other.bits != 0 }
  mutating func formUnion(_ other: MethodSet) { bits |= other.bits }
}
