// Header lines that are known when the config is compiled: rendered once, copied as one run per response.

import Bytes
import HTTPMessage

/// Fields that are the same on every response of a route.
package final class RenderedFields {
  /// HTTP/1 lines, each with its CR LF.
  package let lines: [UInt8]
  /// The same fields one by one, names in lower case, for protocols that do not send lines.
  package let fields: [(name: [UInt8], value: [UInt8])]

  package init(_ fields: [(name: String, value: String)]) {
    self.fields = fields.map { (Array($0.name.utf8), Array($0.value.utf8)) }
    lines = fields.flatMap { Array("\($0.name): \($0.value)\r\n".utf8) }
  }
}
