// A query in which no value can be read: parameters carry tokens, mail addresses and searches.

import Bytes

enum RedactedQuery {
  /// Appends `a=***&b=***` for `a=1&b=2`, as the inside of a JSON string.
  ///
  /// What has no `=` becomes `***` whole: a bare word may as well be a value (`?eyJhbGciOi...`).
  /// Only `&` separates, so that `a=1;token=x` is one value and hidden to its end.
  /// Of a query over `bytesMax` the rest is left out and counted.
  static func append(_ query: Span<UInt8>, bytesMax: Int, to line: inout Output) {
    var index = 0
    while index < query.count {
      let nameEnd = end(of: query, from: index, atEquals: true)
      guard nameEnd <= bytesMax else { return appendCut(query.count - index, to: &line) }
      let hasName = nameEnd < query.count && query[nameEnd] == UInt8(ascii: "=")
      if hasName {
        line.append(json: query.extracting(index..<nameEnd))
        line.append("=***")
      } else if nameEnd > index {
        line.append("***")
      }
      index = hasName ? end(of: query, from: nameEnd, atEquals: false) : nameEnd
      guard index < query.count else { return }
      line.append("&")
      index += 1
    }
  }

  private static func end(of query: Span<UInt8>, from: Int, atEquals: Bool) -> Int {
    var index = from
    while index < query.count, query[index] != UInt8(ascii: "&") {
      if atEquals && query[index] == UInt8(ascii: "=") { return index }
      index += 1
    }
    return index
  }

  private static func appendCut(_ count: Int, to line: inout Output) {
    line.append("…[+")
    line.append(decimal: UInt64(count))
    line.append("]")
  }
}
