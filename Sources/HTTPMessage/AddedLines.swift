// Lines that are added to many messages in the same form: rendered for the first one, and copied
// for those that follow.

import Bytes

/// A run of added lines that was taken out of a section, to be put into others.
public final class AddedLines {
  fileprivate let text: [UInt8]
  /// Their offsets count from the start of the text.
  fileprivate let entries: [FieldEntry]
  fileprivate let fields: KnownFieldSet

  fileprivate init(text: [UInt8], entries: [FieldEntry]) {
    self.text = text
    // Their text is copied as it is: what is safe to send here is so in every message.
    self.entries = entries.map { entry in
      var entry = entry
      entry.isChecked = FieldSection.isLine(text.span.extracting(entry.line))
      return entry
    }
    fields = KnownFieldSet(entries.map(\.field))
  }
}

extension FieldSection {
  /// Where lines that are added next will stand.
  public struct Mark {
    fileprivate let index: Int
    fileprivate let offset: Int
  }

  public var mark: Mark { Mark(index: list.count, offset: added.end) }

  /// A copy of the lines that were added since `mark`, none of which was removed.
  public func lines(since mark: Mark) -> AddedLines {
    let entries = (mark.index..<list.count).map { index in
      var entry = list[index]
      precondition(entry.isAdded && !entry.isRemoved, "The lines since a mark were added.")
      entry.start -= UInt32(mark.offset)
      return entry
    }
    return AddedLines(
      text: text(mark.offset..<added.end, isAdded: true).array, entries: entries)
  }

  /// Adds the lines. Returns false, and adds nothing, when they do not fit.
  public func add(_ lines: AddedLines) -> Bool {
    let start = UInt32(truncatingIfNeeded: added.end)
    let text = lines.text
    guard list.count + lines.entries.count <= Self.entriesMax, added.append(text.span)
    else { return false }
    for index in lines.entries.indices {
      var entry = lines.entries[index]
      entry.start &+= start
      let isListed = list.append(entry)
      precondition(isListed, "The room for the entries was checked.")
    }
    known { $0.formUnion(lines.fields) }
    return true
  }
}
