// A first command line, until the real one lands.

import Gateway
import Glibc

exit(
  GatewayProcess.run(
    configuration: CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "routes.conf"))
