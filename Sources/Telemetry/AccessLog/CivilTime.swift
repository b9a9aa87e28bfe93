// Dates for log lines: UTC, the proleptic Gregorian calendar. No time zones, no leap seconds.

/// A second since 1970 as a date and a time of day.
package struct CivilTime: Sendable, Equatable {
  package var year: UInt64
  /// 1...12.
  package var month: UInt64
  /// 1...31.
  package var day: UInt64
  package var hour: UInt64
  package var minute: UInt64
  package var second: UInt64

  package init(unixSeconds: UInt64) {
    let secondOfDay = unixSeconds % 86400
    hour = secondOfDay / 3600
    minute = secondOfDay / 60 % 60
    second = secondOfDay % 60

    // Years that begin in March put the leap day last, so that day numbers follow from plain
    // division. 719468 days lie between 0000-03-01 and 1970-01-01; 146097 days are four hundred
    // years.
    let days = unixSeconds / 86400 + 719_468
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// The month as in `23/Nov/2026`.
  package var monthName: StaticString {
    switch month {
    case 1: "Jan"
    case 2: "Feb"
    case 3: "Mar"
    case 4: "Apr"
    case 5: "May"
    case 6: "Jun"
    case 7: "Jul"
    case 8: "Aug"
    case 9: "Sep"
    case 10: "Oct"
    case 11: "Nov"
    default: "Dec"
    }
  }
}
