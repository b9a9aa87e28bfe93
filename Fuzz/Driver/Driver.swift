// What every fuzz target shares: the way into libFuzzer, and input as spans and pieces. Not part of
// any product: Package.swift names these targets only when SLUICE_FUZZ is set.

import Bytes

/// A function that libFuzzer calls with each input. It returns 0, and traps on what may not happen.
package typealias FuzzTarget = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ target: FuzzTarget
) -> CInt

/// Runs libFuzzer on `target` with the process's arguments.
package func runFuzzer(_ target: FuzzTarget) -> CInt {
  var count = CommandLine.argc
  // The arguments live as long as the process, and libFuzzer may rearrange them.
  var arguments = unsafe CommandLine.unsafeArgv
  return unsafe runDriver(&count, &arguments, target)
}

/// Calls `body` with one input, of which the first byte chooses among variants; an empty input has
/// none.
package func withInput(
  _ start: UnsafePointer<UInt8>?, _ count: Int, _ body: (_ choice: Int, Span<UInt8>) -> Void
) -> CInt {
  guard let start = unsafe start, count > 0 else { return 0 }
  // libFuzzer keeps the input alive during the call.
  let input = unsafe Span(_unsafeStart: start, count: count)
  body(Int(input[0]), input.extracting(1..<count))
  return 0
}

/// A buffer that is fed piece by piece, and that moves to another block now and then, as
/// connections do.
package struct PieceFeed {
  package private(set) var buffer: Buffer
  private let pieceCount: Int
  private var fedCount = 0

  /// - Parameter pieceCount: bytes of each piece.
  package init(capacity: Int, pieceCount: Int) {
    buffer = Buffer(capacity: capacity + 64)
    self.pieceCount = pieceCount
  }

  /// Appends the next piece of `input`. Returns false when there is none.
  package mutating func feed(_ input: Span<UInt8>) -> Bool {
    guard fedCount < input.count else { return false }
    if fedCount > 0, fedCount % 3 == 0 { move(by: fedCount % 7) }
    let end = min(input.count, fedCount + pieceCount)
    precondition(buffer.append(input.extracting(fedCount..<end)), "The block holds the input.")
    fedCount = end
    return true
  }

  private mutating func move(by distance: Int) {
    let other = Buffer(capacity: buffer.capacity)
    for _ in 0..<distance { precondition(other.append("x"), "The block is not full.") }
    other.consume(distance)
    precondition(other.append(buffer.bytes), "The block holds the window.")
    buffer = other
  }
}
