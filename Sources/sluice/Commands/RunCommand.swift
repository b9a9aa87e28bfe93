// `sluice run`: the gateway in the foreground.

import ArgumentParser
import Gateway

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs the gateway in the foreground.",
    discussion: """
      TERM and QUIT drain: readiness fails, connections end after the request they are serving, \
      and what is still running at the end of 'grace' is cut. A second TERM, or INT, stops at \
      once. HUP reads the config again; one that is not valid changes nothing.

      With --dev it also makes what is missing for a try on one's own machine: development \
      certificates (edge.pem, edge-rsa.pem, with a local authority in ca.pem beside them) and, at \
      each server of an upstream on loopback where nobody listens, the echo upstream.

      Examples:
        sluice run
        sluice run --dev
        sluice run -c /etc/sluice/routes.conf

      Exit codes: 0 stopped as asked, 64 usage, 66 the config cannot be read, 71 the system \
      refused (a port in use, no permission), 78 the config is not valid.
      """)

  @OptionGroup var config: ConfigurationOption

  @Flag(help: "Make missing development certificates and answer for missing upstreams.")
  var dev = false

  func run() throws {
    let stage = dev ? try DevelopmentStage(for: config) : nil
    let status = GatewayProcess.run(configuration: config.path)
    stage?.end()
    if status != 0 { throw ExitCode(status) }
  }
}
