// Dates in fields. RFC 9110 section 5.6.7, IMF-fixdate.

import Telemetry

enum HTTPDate {
  private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

  /// `Sun, 06 Nov 1994 08:49:37 GMT`
  static func text(_ unixSeconds: UInt64) -> String {
    let time = CivilTime(unixSeconds: unixSeconds)
    let pad = { (number: UInt64) in number < 10 ? "0\(number)" : "\(number)" }
    let weekday = weekdays[Int(unixSeconds / 86_400 % 7)]
    let clock = "\(pad(time.hour)):\(pad(time.minute)):\(pad(time.second))"
    return "\(weekday), \(pad(time.day)) \(time.monthName) \(time.year) \(clock) GMT"
  }
}
