// Where libFuzzer comes in: one program for all targets, chosen by SLUICE_FUZZ_TARGET. `make fuzz`
// builds and runs it; no other build contains it.
import Glibc

/// A property of a parser, checked on one input. It traps when the property does not hold.
typealias Property = @Sendable ([UInt8]) -> Void

let properties: [String: Property] = [
  "request": RequestProperty.check,
  "response": ResponseProperty.check,
  "chunked": ChunkedProperty.check,
  "path": PathProperty.check,
  "http2": HTTP2Property.check,
  "headform": HeadFormProperty.check,
  "timeout": TimeoutProperty.check,
  "config": ConfigProperty.check,
  "condition": ConditionProperty.check,
  "json": JSONProperty.check,
  "reply": ReplyProperty.check,
]

let chosenProperty: Property = {
  // getenv gives a pointer that lives as long as the process changes no environment.
  guard let value = unsafe getenv("SLUICE_FUZZ_TARGET"),
    let property = unsafe properties[String(cString: value)]
  else {
    preconditionFailure("SLUICE_FUZZ_TARGET names one of \(properties.keys.sorted()).")
  }
  return property
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // libFuzzer lends `count` bytes for the time of this call, and nil for none.
  unsafe chosenProperty([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}

/// libFuzzer's own loop. Its C convention is the same as Swift's for these types.
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ property: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The package manager starts an executable by its module's name, and so passes by libFuzzer's
/// main.
@_cdecl("Fuzzers_main")
public func fuzzersMain(
  _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
  var count = count
  var arguments = unsafe arguments
  return unsafe runFuzzer(&count, &arguments, testOneInput)
}
