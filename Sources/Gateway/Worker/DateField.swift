// The Date field of answers that have none: RFC 9110 section 6.6.1 asks whoever sends or passes on
// an answer, and has a clock, to say when it was made. Rendered once a second per worker.

import Bytes
import HTTPMessage
import Telemetry

/// One worker's Date field.
final class DateField {
  private var second = UInt64.max
  private var rendered = FieldBlock()

  /// The field as of now, such as `Date: Sun, 06 Nov 1994 08:49:37 GMT`.
  func block(at unixMilliseconds: UInt64) -> FieldBlock {
    let second = unixMilliseconds / 1_000
    if self.second != second {
      self.second = second
      render(second)
    }
    return rendered
  }

  private func render(_ second: UInt64) {
    let time = CivilTime(unixSeconds: second)
    var text = Output(capacity: 32)
    text.append(Self.dayName(second))
    text.append(", ")
    text.append(decimal: time.day, width: 2)
    text.append(" ")
    text.append(time.monthName)
    text.append(" ")
    text.append(decimal: time.year, width: 4)
    text.append(" ")
    text.append(decimal: time.hour, width: 2)
    text.append(":")
    text.append(decimal: time.minute, width: 2)
    text.append(":")
    text.append(decimal: time.second, width: 2)
    text.append(" GMT")
    rendered = FieldBlock()
    let isField = rendered.add(name: KnownField.date.name.bytes, value: text.bytes)
    precondition(isField, "A date is a field value.")
  }

  private static func dayName(_ second: UInt64) -> StaticString {
    // The first of January 1970 was a Thursday.
    switch (second / 86_400) % 7 {
    case 0: "Thu"
    case 1: "Fri"
    case 2: "Sat"
    case 3: "Sun"
    case 4: "Mon"
    case 5: "Tue"
    default: "Wed"
    }
  }
}
