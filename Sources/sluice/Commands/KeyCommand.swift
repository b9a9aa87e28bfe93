// `sluice key`: adds, lists and revokes the API keys of a keys.conf. A running gateway reads the
// file again by itself.

import ArgumentParser
import Configuration
import OpenSSL
import Policies

struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key",
    abstract: "Adds, lists and revokes API keys.",
    discussion: """
      The file holds salted hashes only. 'add' shows the key itself once, on standard output, and \
      it cannot be shown again. A running gateway reads the file again within two seconds.

      Examples:
        sluice key add --subject acme --scope orders:read --expires 2027-12-31
        sluice key list --file /etc/sluice/keys.conf
        sluice key revoke 3f9c0a1b2c3d4e5f

      Exit codes: 0 done, 1 there is no such key or the file has errors, 64 usage, 66 the file \
      cannot be read, 71 it cannot be written.
      """,
    subcommands: [Add.self, List.self, Revoke.self])
}

/// The file that a `key` command works on.
struct KeyFileOption: ParsableArguments {
  @Option(
    help: ArgumentHelp("The file of the keys.", valueName: "path"),
    completion: .file())
  var file = "keys.conf"

  /// What the file holds, and its text.
  /// - Parameter mayBeMissing: whether a file that does not exist holds no keys.
  func read(mayBeMissing: Bool) throws(CommandFailure) -> (keys: KeyFile, text: [UInt8]) {
    var text: [UInt8] = []
    do throws(FileError) {
      text = try FileBytes.read(file, max: KeyFile.bytesMax)
    } catch {
      guard mayBeMissing, error.isMissingFile else {
        throw CommandFailure(.noInput, "\(file): \(error.text)")
      }
    }
    let keys = KeyFile(text, path: file)
    if keys.hasErrors {
      Console.complain(keys.problemText)
      throw CommandFailure(.problems, "\(file) has errors; nothing was changed")
    }
    return (keys, text)
  }

  /// Replaces the file; a new one is its owner's only.
  func write(_ text: [UInt8], isNew: Bool) throws(CommandFailure) {
    do throws(FileError) {
      if isNew {
        try AtomicFile.write(text, to: file, mode: 0o600)
      } else {
        try AtomicFile.replaceContents(of: file, with: text)
      }
    } catch { throw CommandFailure(.system, "\(file): \(error.text)") }
  }
}

extension KeyCommand {
  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a key, shows it once, and keeps its hash.")

    @OptionGroup var option: KeyFileOption

    @Option(help: ArgumentHelp("Whom the key stands for.", valueName: "name"))
    var subject: String

    @Option(
      name: .customLong("scope"),
      help: ArgumentHelp("What it may be used for; may be repeated.", valueName: "name"))
    var scopes: [String] = []

    @Option(
      name: .customLong("role"),
      help: ArgumentHelp("A role of its subject; may be repeated.", valueName: "name"))
    var roles: [String] = []

    @Option(help: ArgumentHelp("The rate tier of its limits.", valueName: "name"))
    var tier: String?

    @Option(help: ArgumentHelp("The last good day, UTC, such as 2027-12-31.", valueName: "date"))
    var expires: CalendarDate?

    func validate() throws {
      guard SubjectName.isValid(subject) else {
        throw ValidationError("'\(subject)' is no subject: printable ASCII without quotes")
      }
      for name in scopes + roles + (tier.map { [$0] } ?? []) where !GrantName.isValid(name) {
        throw ValidationError("'\(name)' is no name of a scope, role or tier")
      }
    }

    func run() throws {
      let (_, text) = try option.read(mayBeMissing: true)
      var entry = KeyEntry()
      entry.subject = subject
      entry.scopes = scopes
      entry.roles = roles
      entry.tier = tier
      entry.expires = expires
      let made: NewKey
      do throws(CryptoError) {
        made = try NewKey(described: entry, library: try LibraryContext())
      } catch { throw CommandFailure(.internalError, error.text) }
      let separator: [UInt8] = text.isEmpty || text.last == 10 ? [] : [10]
      try option.write(
        text + separator + Array(KeyFile.line(made.entry).utf8), isNew: text.isEmpty)
      try Console.print(made.text + "\n")
      Console.complain(
        "The key \(made.entry.id) stands in \(option.file). Keep it: it cannot "
          + "be shown again.\n")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the keys of a file: ids, subjects, scopes and dates.")

    @OptionGroup var option: KeyFileOption

    func run() throws {
      let keys = try option.read(mayBeMissing: false).keys
      for entry in keys.entries {
        var line = "\(entry.id)  \(entry.subject)"
        if !entry.scopes.isEmpty { line += "  scopes \(entry.scopes.joined(separator: " "))" }
        if !entry.roles.isEmpty { line += "  roles \(entry.roles.joined(separator: " "))" }
        if let tier = entry.tier { line += "  tier \(tier)" }
        if let expires = entry.expires { line += "  until \(expires)" }
        try Console.print(line + "\n")
      }
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes a key out of the file, by its id.")

    @OptionGroup var option: KeyFileOption

    @Argument(help: ArgumentHelp("The id of the key, or the key itself.", valueName: "id"))
    var id: String

    func run() throws {
      let (keys, text) = try option.read(mayBeMissing: false)
      // Whoever found a leaked key has all of it at hand.
      let wanted = id.hasPrefix("slk_") ? String(id.dropFirst(4).prefix(KeyID.count)) : id
      guard let index = keys.entries.firstIndex(where: { $0.id == wanted }) else {
        throw CommandFailure(.problems, "\(option.file) has no key '\(wanted)'")
      }
      var lines = text.split(separator: 10, omittingEmptySubsequences: false)
      lines.remove(at: keys.lines[index] - 1)
      let rest = Array(lines.joined(separator: [10]))
      // `add` writes a key on one line; by hand it may stand on several.
      var kept = keys.entries
      kept.remove(at: index)
      let reread = KeyFile(rest, path: option.file)
      guard !reread.hasErrors, reread.entries == kept else {
        throw CommandFailure(
          .problems, "the key '\(wanted)' is more than line \(keys.lines[index]): edit the file")
      }
      try option.write(rest, isNew: false)
      Console.complain("The key \(wanted) is revoked.\n")
    }
  }
}
