// Which bit stands for which method in one table.

import Bytes
import Configuration
import HTTPMessage

struct MethodNames {
  /// Methods without a name in HTTPMessage that the routes of one table may name: bits left in a
  /// word.
  static let customMax = 21
  private static let firstCustom = UInt32(Method.other.rawValue) + 1

  private var custom: ContiguousArray<Range<Int>> = []
  private var text: ContiguousArray<UInt8> = []

  /// The bit of a method that a route names, which is remembered. Nil when there is no bit left.
  mutating func insert(_ pattern: MethodPattern) -> MethodSet? {
    let name = Array(pattern.name.utf8)
    let known = bit(of: name.span)
    if known != MethodSet(.other) { return known }
    guard custom.count < Self.customMax else { return nil }
    custom.append(text.count..<text.count + name.count)
    text.append(contentsOf: name)
    return MethodSet(bits: 1 << (Self.firstCustom + UInt32(custom.count - 1)))
  }

  func bit(of request: borrowing Request) -> MethodSet {
    if request.method != .other { return MethodSet(request.method) }
    return bit(of: request.text(request.methodText))
  }

  /// The bit of a method's token, or that of `other` when no route names it.
  func bit(of token: borrowing Span<UInt8>) -> MethodSet {
    for method in Method.allCases where method != .other && token.equals(method.name) {
      return MethodSet(method)
    }
    for index in custom.indices where token.equals(text.span.extracting(custom[index])) {
      return MethodSet(bits: 1 << (Self.firstCustom + UInt32(index)))
    }
    return MethodSet(.other)
  }

  /// Appends the names as an Allow field has them. RFC 9110 section 10.2.1.
  func append(_ methods: MethodSet, to output: inout Output) {
    var methods = methods
    if methods.intersects(.get) { methods.formUnion(.head) }
    var isFirst = true
    func separate(_ output: inout Output) {
      if !isFirst { output.append(", ") }
      isFirst = false
    }
    for method in Method.allCases where method != .other && methods.intersects(MethodSet(method)) {
      separate(&output)
      output.append(method.name)
    }
    for index in custom.indices
    where methods.bits & (1 << (Self.firstCustom + UInt32(index))) != 0 {
      separate(&output)
      output.append(text.span.extracting(custom[index]))
    }
  }
}
