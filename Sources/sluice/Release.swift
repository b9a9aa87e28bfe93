// Which release this is, as `--version` and the machine formats of `check` say it.

import Gateway

enum Release {
  static let version = GatewayVersion.text
  static let text = "sluice \(version)"
}
