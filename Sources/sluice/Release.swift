// Which release this is, as `--version` and the machine formats of `check` say it.

enum Release {
  static let version = "0.1.0"
  static let text = "sluice \(version)"
}
