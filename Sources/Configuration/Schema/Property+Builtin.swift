// Short spellings for the usual properties, so that a declaration reads as a table.

extension Property {
  package typealias Path<Value> = Setting<Settings, Value>

  package static func flag(_ name: String, _ path: Path<Bool>, _ summary: String) -> Property {
    value(name, path, .flag, summary)
  }

  package static func integer(
    _ name: String, _ path: Path<Int>, in range: ClosedRange<Int>, _ summary: String
  ) -> Property {
    value(name, path, .integer(in: range), summary)
  }

  package static func integer(
    _ name: String, _ path: Path<Int?>, in range: ClosedRange<Int>, _ summary: String
  ) -> Property {
    value(name, path, .integer(in: range), summary)
  }

  package static func duration(
    _ name: String, _ path: Path<TimeSpan>, in range: ClosedRange<TimeSpan>, _ summary: String
  ) -> Property {
    value(name, path, .duration(in: range), summary)
  }

  package static func duration(
    _ name: String, _ path: Path<TimeSpan?>, in range: ClosedRange<TimeSpan>, _ summary: String
  ) -> Property {
    value(name, path, .duration(in: range), summary)
  }

  package static func size(
    _ name: String, _ path: Path<ByteCount>, in range: ClosedRange<ByteCount>, _ summary: String
  ) -> Property {
    value(name, path, .size(in: range), summary)
  }

  package static func size(
    _ name: String, _ path: Path<ByteCount?>, in range: ClosedRange<ByteCount>, _ summary: String
  ) -> Property {
    value(name, path, .size(in: range), summary)
  }

  package static func enumeration<Choice>(
    _ name: String, _ path: Path<Choice>, _ summary: String
  ) -> Property where Choice: RawRepresentable<String> & CaseIterable & Sendable {
    value(name, path, .enumeration, summary)
  }

  package static func enumeration<Choice>(
    _ name: String, _ path: Path<Choice?>, _ summary: String
  ) -> Property where Choice: RawRepresentable<String> & CaseIterable & Sendable {
    value(name, path, ValueType<Choice>.enumeration, summary)
  }

  package static func text(_ name: String, _ path: Path<String>, _ summary: String) -> Property {
    value(name, path, .text, summary)
  }

  package static func text(_ name: String, _ path: Path<String?>, _ summary: String) -> Property {
    value(name, path, .text, summary)
  }

  package static func path(_ name: String, _ path: Path<String>, _ summary: String) -> Property {
    value(name, path, .path, summary)
  }

  package static func path(_ name: String, _ path: Path<String?>, _ summary: String) -> Property {
    value(name, path, .path, summary)
  }

  package static func headerName(
    _ name: String, _ path: Path<HeaderName>, _ summary: String
  ) -> Property {
    value(name, path, .headerName, summary)
  }

  package static func secret(_ name: String, _ path: Path<Secret?>, _ summary: String) -> Property {
    value(name, path, .secret, summary)
  }

  package static func template(
    _ name: String, _ path: Path<Template?>, _ summary: String
  ) -> Property {
    value(name, path, .template, summary)
  }

  package static func reference(
    _ name: String, _ path: Path<String>, to kind: EntityKind, _ summary: String
  ) -> Property {
    value(name, path, .reference(to: kind), summary)
  }

  package static func reference(
    _ name: String, _ path: Path<String?>, to kind: EntityKind, _ summary: String
  ) -> Property {
    value(name, path, .reference(to: kind), summary)
  }
}
