// The values of the names that a table matches, found in one request when they are first asked for.
// A name that stands twice has no single value, and meets no condition: Sluice does not guess which
// one the upstream would take.

import Bytes
import Configuration
import HTTPMessage

/// One place per name of a table. Kept by the table and forgotten before each lookup.
struct FoundFields {
  struct Field {
    /// The lookup in which it was found; older ones are forgotten.
    var lookup: UInt64 = 0
    var count = 0
    var value = TextRange.empty
    var hash: UInt64 = 0
    var isSingle: Bool { count == 1 }
  }

  private var fields: ContiguousArray<Field>
  private var lookup: UInt64 = 0

  init(count: Int) { fields = ContiguousArray(repeating: Field(), count: count) }

  mutating func forget() { lookup &+= 1 }

  /// What `request` has under `name`, which stands at `index` of the table's names.
  mutating func field(
    _ index: Int, _ kind: FieldMatch.Kind, _ name: borrowing Span<UInt8>,
    _ request: borrowing Request, seed: UInt64
  ) -> Field {
    if fields[index].lookup == lookup { return fields[index] }
    var field = Field(lookup: lookup)
    switch kind {
    case .header: Self.findHeader(name, request, &field)
    case .query: Self.findQuery(name, request, &field)
    case .cookie: Self.findCookie(name, request, &field)
    }
    if field.isSingle { Self.addHash(kind, request, &field, seed: seed) }
    fields[index] = field
    return field
  }

  private static func findHeader(
    _ name: borrowing Span<UInt8>, _ request: borrowing Request, _ field: inout Field
  ) {
    guard let index = request.fields.first(named: name) else { return }
    let entry = request.fields.entries[index]
    field.value = TextRange(
      start: entry.value.lowerBound, count: entry.value.count, isAdded: entry.isAdded)
    field.count = request.fields.first(named: name, from: index + 1) == nil ? 1 : 2
  }

  private static func findQuery(
    _ name: borrowing Span<UInt8>, _ request: borrowing Request, _ field: inout Field
  ) {
    guard let query = request.query else { return }
    let text = request.text(query)
    var start = 0
    while start < text.count, field.count < 2 {
      var end = start
      var equals: Int?
      while end < text.count, text[end] != UInt8(ascii: "&") {
        if equals == nil, text[end] == UInt8(ascii: "=") { equals = end }
        end &+= 1
      }
      if QueryText.equals(text.extracting(start..<(equals ?? end)), name) {
        let valueStart = equals.map { $0 + 1 } ?? end
        field.count &+= 1
        field.value = TextRange(
          start: Int(query.start) + valueStart, count: end - valueStart, isAdded: query.isAdded)
      }
      start = end + 1
    }
  }

  private static func findCookie(
    _ name: borrowing Span<UInt8>, _ request: borrowing Request, _ field: inout Field
  ) {
    guard request.fields.present.contains(.cookie) else { return }
    for entry in request.fields.entries where entry.field == .cookie && !entry.isRemoved {
      let line = TextRange(
        start: entry.value.lowerBound, count: entry.value.count, isAdded: entry.isAdded)
      findCookie(name, in: line, request, &field)
    }
  }

  /// RFC 6265 section 4.2.1: `name=value` pairs between semicolons, with blanks around them.
  private static func findCookie(
    _ name: borrowing Span<UInt8>, in line: TextRange, _ request: borrowing Request,
    _ field: inout Field
  ) {
    let text = request.text(line)
    var start = 0
    while start < text.count, field.count < 2 {
      var end = start
      while end < text.count, text[end] != UInt8(ascii: ";") { end &+= 1 }
      let pair = trimmed(text, start..<end)
      let nameEnd = pair.lowerBound + name.count
      if nameEnd < pair.upperBound, text[nameEnd] == UInt8(ascii: "="),
        text.extracting(pair.lowerBound..<nameEnd).equals(name)
      {
        field.count &+= 1
        field.value = TextRange(
          start: Int(line.start) + nameEnd + 1, count: pair.upperBound - nameEnd - 1,
          isAdded: line.isAdded)
      }
      start = end + 1
    }
  }

  private static func trimmed(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, isBlank(text[start]) { start &+= 1 }
    while end > start, isBlank(text[end - 1]) { end &-= 1 }
    return start..<end
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }

  /// Hashes the value; a query value that is not well escaped is no value at all.
  private static func addHash(
    _ kind: FieldMatch.Kind, _ request: borrowing Request, _ field: inout Field, seed: UInt64
  ) {
    let text = request.text(field.value)
    if case .query = kind {
      guard let hash = QueryText.hash(text, seed: seed) else { return field.count = 0 }
      field.hash = hash
      return
    }
    var hash = KeyedHash(seed: seed)
    for index in text.indices { hash.add(text[index]) }
    field.hash = hash.value
  }
}
