// A typed property: a name, a type of the language and the key path of the setting that holds it.

/// A place in a settings struct, as a literal such as `\.max` names it.
package typealias Setting<Settings, Value> = any WritableKeyPath<Settings, Value> & Sendable

/// One positional argument or named property of the directive whose values `Settings` holds.
package struct Property<Settings: Sendable>: Sendable {
  package private(set) var shape: PropertyShape
  let read: @Sendable (ValueSyntax, inout ValueReader) -> ParsedValue?
  /// Stores the value in the settings. The name matters to families only.
  let store: @Sendable (ParsedValue, _ name: String, inout Settings) -> Void
  /// The canonical form of what the settings hold; nil for a family.
  let current: @Sendable (Settings) -> JSON?
  /// What the settings hold, as if written at a place; nil when they hold nothing.
  var held: @Sendable (Settings, SourceLocation) -> ParsedValue? = { _, _ in nil }
  /// The items of a list that the settings hold, for `+=` and `-=`.
  var items: @Sendable (Settings, SourceLocation) -> [ParsedValue] = { _, _ in [] }

  /// Says whether the statement may do without it. Arguments are required and properties are not,
  /// unless said here.
  package var required: Property { with(isRequired: true) }
  package var optional: Property { with(isRequired: false) }
  private(set) var isPresenceSaid = false

  private func with(isRequired: Bool) -> Property {
    var property = self
    property.shape = PropertyShape(
      name: shape.name, isFamily: shape.isFamily, arity: shape.arity, value: shape.value,
      isRequired: isRequired, summary: shape.summary)
    property.isPresenceSaid = true
    return property
  }

  /// The property as a positional argument: required unless it says otherwise.
  var asArgument: Property { isPresenceSaid ? self : required }
}

extension Property {
  /// A property of one value.
  package static func value<Wrapped>(
    _ name: String, _ path: Setting<Settings, Wrapped>,
    _ type: ValueType<Wrapped>, _ summary: String
  ) -> Property {
    var property = Property(
      shape: PropertyShape(
        name: name, isFamily: false, arity: .one, value: type.shape, isRequired: false,
        summary: summary),
      read: { value, reader in reader.read(value, as: type) },
      store: { parsed, _, settings in
        if let value = parsed.payload as? Wrapped { settings[keyPath: path] = value }
      },
      current: { type.canonical($0[keyPath: path]) })
    property.held = { settings, location in
      let value = settings[keyPath: path]
      let canonical = type.canonical(value)
      if canonical == .null { return nil }
      return ParsedValue(
        payload: value, canonical: canonical, items: nil, mentions: [], location: location)
    }
    return property
  }

  /// A property of one value that may be absent: nil when no scope says it.
  package static func value<Wrapped>(
    _ name: String, _ path: Setting<Settings, Wrapped?>,
    _ type: ValueType<Wrapped>, _ summary: String
  ) -> Property {
    value(name, path, type.optional, summary)
  }

  /// A list, `[a b c]`.
  package static func list<Item>(
    _ name: String, _ path: Setting<Settings, [Item]>, of type: ValueType<Item>,
    _ summary: String
  ) -> Property {
    many(name, path, arity: .list, type, summary)
  }

  /// One value or a list of which any may hold, as `match` takes them.
  package static func anyOf<Item>(
    _ name: String, _ path: Setting<Settings, [Item]>, of type: ValueType<Item>,
    _ summary: String
  ) -> Property {
    many(name, path, arity: .anyOf, type, summary)
  }

  private static func many<Item>(
    _ name: String, _ path: Setting<Settings, [Item]>, arity: Arity,
    _ type: ValueType<Item>, _ summary: String
  ) -> Property {
    var property = Property(
      shape: PropertyShape(
        name: name, isFamily: false, arity: arity, value: type.shape, isRequired: false,
        summary: summary),
      read: { value, reader in reader.readList(value, of: type, arity: arity) },
      store: { parsed, _, settings in
        settings[keyPath: path] = (parsed.items ?? []).compactMap { $0.payload as? Item }
      },
      current: { .array($0[keyPath: path].map(type.canonical)) })
    let items: @Sendable (Settings, SourceLocation) -> [ParsedValue] = { settings, location in
      settings[keyPath: path].map { item in
        ParsedValue(
          payload: item, canonical: type.canonical(item), items: nil,
          mentions: type.mentions(item), location: location)
      }
    }
    property.items = items
    property.held = { ParsedValue(list: items($0, $1), at: $1) }
    return property
  }

  /// Properties `prefix.NAME` whose rest of the name the author chooses, each one value or a list.
  package static func family<Item>(
    _ prefix: String, _ path: Setting<Settings, [Named<[Item]>]>,
    of type: ValueType<Item>, _ summary: String
  ) -> Property {
    Property(
      shape: PropertyShape(
        name: prefix + ".", isFamily: true, arity: .anyOf, value: type.shape, isRequired: false,
        summary: summary),
      read: { value, reader in reader.readList(value, of: type, arity: .anyOf) },
      store: { parsed, name, settings in
        let items = (parsed.items ?? []).compactMap { $0.payload as? Item }
        let rest = String(name.dropFirst(prefix.count + 1))
        settings[keyPath: path].removeAll { $0.name == rest }
        settings[keyPath: path].append(Named(name: rest, value: items))
      },
      current: { _ in nil })
  }
}

/// A value under a name that the author of the config chose.
package struct Named<Value: Sendable>: Sendable {
  package let name: String
  package let value: Value

  package init(name: String, value: Value) {
    self.name = name
    self.value = value
  }
}

extension Named: Equatable where Value: Equatable {}
extension Named: Hashable where Value: Hashable {}

extension ValueReader {
  /// Reads a list; items that are refused are left out and reported one by one.
  mutating func readList<Item>(
    _ value: ValueSyntax, of type: ValueType<Item>, arity: Arity
  ) -> ParsedValue? {
    let written: [ValueSyntax]
    if case .list(let items) = value.form {
      written = items
    } else if arity == .anyOf {
      written = [value]
    } else {
      let meant = value.text.map { "write [\($0)]" }
      refuse(
        value, "takes a list, each item \(type.shape.noun)", hint: meant, code: .wrongType)
      return nil
    }
    var items: [ParsedValue] = []
    for item in written {
      guard let parsed = read(item, as: type) else { continue }
      if items.contains(where: { $0.canonical == parsed.canonical }) {
        refuse(item, "names \(item.quoted) twice", code: .duplicateValue)
      } else {
        items.append(parsed)
      }
    }
    return ParsedValue(list: items, at: value.location)
  }
}

extension ParsedValue {
  init(list items: [ParsedValue], at location: SourceLocation) {
    self.init(
      payload: nil, canonical: .array(items.map(\.canonical)), items: items,
      mentions: items.flatMap(\.mentions), location: location)
  }
}
