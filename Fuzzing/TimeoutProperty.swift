// Whatever a gRPC client says of its deadline: it is read without overflow, and what is told to the
// upstream is never later.
import Bytes
import PolicyChain

enum TimeoutProperty {
  /// The largest number that is read: about thirty thousand years.
  private static let millisecondsMax: UInt64 = 1 << 50

  static func check(_ bytes: [UInt8]) {
    guard let asked = GRPCTimeout.milliseconds(bytes.span) else { return }
    precondition(bytes.count >= 2, "A timeout has a digit and a unit.")
    precondition(asked <= millisecondsMax, "Large timeouts saturate.")
    var text = Output(capacity: 16)
    GRPCTimeout.append(milliseconds: asked, to: &text)
    precondition(text.count <= 9, "A timeout has at most eight digits.")
    guard let told = GRPCTimeout.milliseconds(text.bytes) else {
      preconditionFailure("What is told can be read.")
    }
    // Longer ones are told as the longest that there is.
    let longest: UInt64 = 99_999_999 * 3_600_000
    precondition(told <= asked || asked > longest, "A deadline is never moved back.")
    precondition(asked > longest || asked - told < 3_600_000, "It stays about the same.")
  }
}
