// What `check --resolve` finds in the keys that a config's identities name: the same reading that
// `run` does, with a place for each finding.

import Configuration
import Policies

struct CredentialCheck {
  let resolution: ProcessResolution

  func findings(in configuration: EffectiveConfiguration) -> [Diagnostic] {
    configuration.identities.compactMap { identity in
      do throws(CredentialProblem) {
        _ = try Self.keys(of: identity, resolution)
        return nil
      } catch {
        return Diagnostic(
          .unusableKeys, "identity '\(identity.name)': \(error.text)", at: identity.location)
      }
    }
  }

  /// What the identity's verifiers are made of.
  static func keys(
    of identity: IdentityConfiguration, _ resolution: ProcessResolution
  ) throws(CredentialProblem) -> any Sendable {
    let kind = IdentityKind.of(identity)
    var files: [CredentialFile] = []
    for path in kind.files(identity.settings) {
      guard let bytes = resolution.contents(ofFile: path) else {
        throw CredentialProblem("\(path) cannot be read", isUnreadable: true)
      }
      files.append(CredentialFile(path: path, bytes: bytes))
    }
    return try kind.read(identity.settings, files)
  }
}
