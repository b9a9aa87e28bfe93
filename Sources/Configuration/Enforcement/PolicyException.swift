// Exceptions from what an organisation demands: each has an owner, a reason and a last good day. A
// date never stops a process that serves.

/// An `except` or `waive` that is in use.
package struct PolicyException: Sendable, Hashable {
  /// Such as `waive timeout.total route=chat.events`.
  package let subject: String
  package let owner: String
  package let reason: String
  /// The last good day, UTC.
  package let lastDay: CalendarDate
  package let location: SourceLocation

  package func isExpired(on day: CalendarDate) -> Bool { lastDay < day }
}

extension EffectiveConfiguration {
  /// Days before its end at which an exception begins to warn.
  static let noticeDays = 14

  /// What `check` says of dates: an exception that is over is an error there, and a warning two
  /// weeks before.
  package func dateFindings(on day: CalendarDate) -> [Diagnostic] {
    exceptions.compactMap { exception in
      let left = exception.lastDay.dayNumber - day.dayNumber
      if left < 0 {
        return Diagnostic(
          .expiredException,
          "'\(exception.subject)' was good until \(exception.lastDay), and today is \(day)",
          at: exception.location,
          help: "\(exception.owner) owns it: mend the route, or decide on a later day")
      }
      guard left <= Self.noticeDays else { return nil }
      let days = left == 1 ? "1 day" : "\(left) days"
      return Diagnostic(
        .exceptionEndsSoon, "'\(exception.subject)' ends in \(days), on \(exception.lastDay)",
        at: exception.location, help: "\(exception.owner) owns it")
    }
  }
}

extension CalendarDate {
  /// Days since 1970-01-01. Howard Hinnant's days_from_civil, for years from 0 on.
  package var dayNumber: Int {
    // Years that begin in March put the leap day last.
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// The day of a moment, in milliseconds since 1970, UTC. Hinnant's civil_from_days.
  package init(unixMilliseconds: UInt64) {
    let days = Int(clamping: unixMilliseconds / 86_400_000) + 719_468
    let era = days / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    self.init(
      year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
      day: dayOfYear - (153 * shifted + 2) / 5 + 1)
  }
}
