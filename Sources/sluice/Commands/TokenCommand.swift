// `sluice token`: judges a token offline, by the code that judges it at the edge, and says why it
// is refused.

import ArgumentParser
import Configuration
import Engine
import OpenSSL
import Policies
import PolicyChain
import Signatures

struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Judges tokens.", subcommands: [Verify.self])

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Says whether an identity takes a token, and why not.",
      discussion: """
        The token comes from standard input, since arguments can be seen by every user of the \
        machine.

        Examples:
          sluice token verify staff < token.txt
          curl -s https://id.example.com/jwks.json > keys.json
          sluice token verify people --keys keys.json < token.txt

        Exit codes: 0 the token is good, 1 it is refused or the config has errors, 64 there is no \
        such identity, 66 a file cannot be read.
        """)

    @OptionGroup var config: ConfigurationOption

    @Argument(help: ArgumentHelp("The identity of the config.", valueName: "identity"))
    var name: String

    @Option(
      name: .customLong("keys"),
      help: ArgumentHelp(
        "The issuer's key set, for an identity whose keys are published at a URL.",
        valueName: "file"))
    var keysPath: String?

    func run() throws {
      let identity = try self.identity()
      guard let settings = identity.settings as? JWTIdentity.Settings else {
        throw CommandFailure(.usage, "identity '\(name)' takes no tokens: it is a \(identity.kind)")
      }
      let verifier = try self.verifier(identity, settings)
      var token = readLine() ?? ""
      for prefix in ["Bearer ", "bearer "] where token.hasPrefix(prefix) {
        token.removeFirst(prefix.count)
      }
      let now = WallClock.milliseconds() / 1000
      let place = "identity \(name), \(identity.location)"
      switch verifier.proof(of: token.utf8Span.span, now: now) {
      case .proved(let principal): try Console.print(Self.text(principal, place))
      case .wrong(let cause), .declined(let cause):
        throw CommandFailure(.problems, "\(cause.token) (\(place))")
      case .foreign:
        throw CommandFailure(.problems, "the token is of another issuer (\(place))")
      case .absent, .pending, .undecided: throw CommandFailure(.problems, "there is no token")
      }
    }

    private func identity() throws -> IdentityConfiguration {
      let result = try config.load(resolving: ProcessResolution(root: config.path))
      guard let configuration = result.configuration else {
        let rendering = HumanRendering(
          sources: result.sources, hasColor: Console.hasColor(.error))
        Console.complain(rendering.text(of: result.diagnostics))
        throw ExitStatus.problems.ending
      }
      guard let found = configuration.identities.first(where: { $0.name == name }) else {
        throw CommandFailure(.usage, "there is no identity '\(name)'")
      }
      return found
    }

    private func verifier(
      _ identity: IdentityConfiguration, _ settings: JWTIdentity.Settings
    ) throws(CommandFailure) -> JWTVerifier {
      do throws(CredentialProblem) {
        let resolution = ProcessResolution(root: config.path)
        guard let keys = try keys(of: identity, resolution) as? KeySet else {
          preconditionFailure("The keys of tokens are a set of keys.")
        }
        let label = IdentityLabel(name: name, metric: 0)
        return try JWTVerifier(
          settings, keys,
          VerifierContext(label: label, library: try Self.library(), desk: nil))
      } catch { throw CommandFailure(error.isUnreadable ? .noInput : .problems, error.text) }
    }

    /// No command asks the network: published keys are brought along.
    private func keys(
      of identity: IdentityConfiguration, _ resolution: ProcessResolution
    ) throws(CredentialProblem) -> any Sendable {
      let kind = IdentityKind.of(identity)
      guard let source = kind.published(identity.settings) else {
        if keysPath != nil { throw CredentialProblem("'--keys' is for keys of a URL") }
        return try CredentialCheck.keys(of: identity, resolution)
      }
      guard let keysPath else {
        throw CredentialProblem("the keys of '\(name)' are at \(source.url): give them with --keys")
      }
      let bytes: [UInt8]
      do throws(FileError) {
        bytes = try FileBytes.read(keysPath, max: PublishedKeys.bytesMax)
      } catch {
        throw CredentialProblem("\(keysPath) cannot be read: \(error.text)", isUnreadable: true)
      }
      return try kind.read(identity.settings, [CredentialFile(path: keysPath, bytes: bytes)])
    }

    private static func library() throws(CredentialProblem) -> LibraryContext {
      do throws(CryptoError) { return try LibraryContext() } catch {
        throw CredentialProblem(error.text)
      }
    }

    private static func text(_ principal: Principal, _ place: String) -> String {
      let list = { (words: [[UInt8]]) in
        words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
      }
      return "good (\(place))\nsubject \(String(decoding: principal.subject, as: UTF8.self))\n"
        + "scopes  \(list(principal.scopes))\nroles   \(list(principal.roles))\n"
    }
  }
}
