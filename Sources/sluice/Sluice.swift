// The command line: which commands there are, and how each of them ends. What they do stands in
// Configuration, Gateway and OpenSSL; a command reads its arguments, calls and prints.

import ArgumentParser

@main
struct Sluice: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sluice",
    abstract: "An API gateway and reverse proxy.",
    discussion: """
      Sluice ends TLS at the edge, matches each request against routes.conf, applies that route's \
      policies, and forwards to an upstream.

      Examples:
        sluice check                   what is wrong with ./routes.conf
        sluice run -c /etc/sluice.conf serve it
        sluice explain timeout         the manual of a directive
        sluice explain route api.list  what holds for a route, and which line says so

      Exit codes:
        0   done, and all is well
        1   checked, and problems were found or files differ
        64  the command line is wrong
        66  a file cannot be read
        69  the admin endpoint cannot be reached
        70  an internal error
        71  the system refused: a port in use, no permission, a disk that is full
        78  'run' refused a config that is not valid

      Colour is left out when NO_COLOR is set, or when the output is no terminal.
      """,
    version: Release.text,
    subcommands: [
      RunCommand.self, CheckCommand.self, FormatCommand.self, AdaptCommand.self,
      SchemaCommand.self, ExplainCommand.self, EchoCommand.self, CertificatesCommand.self,
      KeyCommand.self, TokenCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as CommandFailure {
      failure.exit()
    } catch let code as ExitCode {
      exit(withError: code)
    } catch {
      // Help and version are errors to the parser too. What it does not know is not a user's fault.
      guard exitCode(for: error) == .failure else { exit(withError: error) }
      CommandFailure(.internalError, "internal error: \(error)").exit()
    }
  }
}
