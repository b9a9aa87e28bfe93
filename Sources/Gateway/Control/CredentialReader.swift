// Keys of identities, read from the files that a config names, and again when they change. Keys
// that cannot be used fail the whole config: an identity without its keys would be another policy.

import Configuration
import OpenSSL
import Policies
import TLS

/// What was read, by the names of identities.
struct CredentialMaterial: Sendable {
  var identities: [String: any Sendable] = [:]
}

/// Reads the files of a config's identities.
struct CredentialReader {
  /// What cannot be used, in a sentence for the operator.
  struct Refusal: Error {
    let text: String
    let isUnreadable: Bool
  }

  /// What an identity's files hold now, or why that cannot be used.
  typealias Change = (name: String, Result<any Sendable, CredentialProblem>)

  private struct Watched {
    let kind: IdentityKind
    let settings: any Sendable
    let paths: [String]
    var stamps: [FileStamp?]
  }

  /// Paths of the config are relative to its folder.
  private let folder: String
  private var watched: [String: Watched] = [:]

  init(folder: String) { self.folder = folder }

  /// Reads everything that the config's identities name.
  mutating func read(
    _ configuration: EffectiveConfiguration
  ) throws(Refusal) -> CredentialMaterial {
    var material = CredentialMaterial()
    var watched: [String: Watched] = [:]
    for identity in configuration.identities {
      let kind = IdentityKind.of(identity)
      let paths = kind.files(identity.settings).map(resolved)
      let one = Watched(
        kind: kind, settings: identity.settings, paths: paths, stamps: Self.stamps(paths))
      do throws(CredentialProblem) {
        material.identities[identity.name] = try Self.material(of: one)
      } catch {
        throw Refusal(
          text: "identity \(identity.name): \(error.text)", isUnreadable: error.isUnreadable)
      }
      watched[identity.name] = one
    }
    self.watched = watched
    return material
  }

  /// Reads what has changed since it was read, by identity. Files that cannot be used are reported
  /// once for each change.
  mutating func refresh() -> [Change] {
    var changed: [Change] = []
    for name in watched.keys.sorted() {
      guard var one = watched[name], !one.paths.isEmpty else { continue }
      let stamps = Self.stamps(one.paths)
      guard stamps != one.stamps else { continue }
      one.stamps = stamps
      watched[name] = one
      do throws(CredentialProblem) {
        changed.append((name, .success(try Self.material(of: one))))
      } catch { changed.append((name, .failure(error))) }
    }
    return changed
  }

  private static func material(of one: Watched) throws(CredentialProblem) -> any Sendable {
    var files: [CredentialFile] = []
    for path in one.paths {
      do throws(FileError) {
        files.append(
          CredentialFile(path: path, bytes: try FileBytes.read(path, max: KeyFile.bytesMax)))
      } catch {
        throw CredentialProblem("\(path) cannot be read: \(error.text)", isUnreadable: true)
      }
    }
    return try one.kind.read(one.settings, files)
  }

  /// Nil stands for a file that is not there.
  private static func stamps(_ paths: [String]) -> [FileStamp?] {
    paths.map { path in
      do throws(FileError) { return try FileStamp(path: path) } catch { return nil }
    }
  }

  private func resolved(_ path: String) -> String { path.hasPrefix("/") ? path : folder + path }
}
