// Runs one scenario of the gate many times in process, without sockets or clocks, so that
// instructions and allocations can be counted to the last one. Usage: Gate SCENARIO COUNT.
// Tools/run-gate does the counting.
import Glibc

/// A piece of work whose cost per round is watched.
protocol Scenario: SendableMetatype {
  init()
  func round()
}

@main
struct GateEntry {
  static let scenarios: [String: any Scenario.Type] = [
    "codec": CodecScenario.self
  ]

  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let scenario = scenarios[arguments[1]],
      let count = Int(arguments[2])
    else {
      print("usage: Gate \(scenarios.keys.sorted().joined(separator: "|")) COUNT")
      exit(64)
    }
    run(scenario.init(), count)
  }

  private static func run(_ scenario: some Scenario, _ count: Int) {
    for _ in 0..<count { scenario.round() }
  }
}
