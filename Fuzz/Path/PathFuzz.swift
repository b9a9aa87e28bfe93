// Fuzzes paths: no input traps, what passes is canonical by every rule, and it holds none of what
// origins read in two ways. The same input is tried as an authority.

import Bytes
import FuzzDriver
import HTTPMessage

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  unsafe withInput(start, count) { choice, input in
    var rules = PathRules()
    rules.normalizesDots = choice & 1 != 0
    rules.normalizesSlashes = choice & 2 != 0
    switch rules.verdict(on: input) {
    case .refused: break
    case .canonical: checkCanonical(input)
    case .equivalent:
      var output = Output(capacity: 16)
      guard rules.rewrite(input, into: &output) else { return }
      checkCanonical(output.bytes)
    }
    checkAuthority(input)
  }
}

@_cdecl("fuzz_path_main")
public func fuzzMain() -> CInt { unsafe runFuzzer(fuzzOne) }

private func checkCanonical(_ path: Span<UInt8>) {
  precondition(PathRules().verdict(on: path) == .canonical, "What passes is canonical.")
  let text = path.text
  for part in ["//", "/./", "/../", ";", "\\", "#", "?", " ", "%2F", "%5C", "%00", "%2E", "%2f"] {
    precondition(!text.contains(part), "What passes has one reading.")
  }
  precondition(!text.hasSuffix("/.") && !text.hasSuffix("/.."), "What passes has one reading.")
}

private func checkAuthority(_ text: Span<UInt8>) {
  guard let authority = Authority(text) else { return }
  precondition(authority.hostCount > 0 && authority.hostCount <= text.count, "A host has a place.")
  let hasPort = authority.hostCount < text.count
  precondition(hasPort == (authority.port != nil), "What follows the host is a port.")
}
