// Whatever the bytes: the strict reader of JSON takes less than RFC 8259 allows, never more, and a
// token that is taken apart stays within its bounds.
import Bytes
import Foundation
import Signatures

enum JSONProperty {
  static func check(_ bytes: [UInt8]) {
    checkToken(bytes)
    let value: JSONValue
    do throws(JSONError) { value = try JSONReader.read(bytes.span) } catch { return }
    // What is taken, another reader takes too.
    let other = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    precondition(other != nil || hasHugeNumber(value), "What is taken is JSON.")
  }

  private static func checkToken(_ bytes: [UInt8]) {
    do throws(JWSError) {
      let token = try CompactJWS(bytes.span)
      precondition(token.signingInput.upperBound < bytes.count, "A signature follows.")
      precondition(!token.signature.isEmpty || bytes.last == 46, "A token has a signature.")
    } catch { return }
  }

  /// Foundation refuses numbers that no double holds.
  private static func hasHugeNumber(_ value: JSONValue) -> Bool {
    switch value {
    case .number(let text): Double(text).map { !$0.isFinite } ?? true
    case .list(let items): items.contains(where: hasHugeNumber)
    case .object(let members): members.values.contains(where: hasHugeNumber)
    case .null, .bool, .text: false
    }
  }
}
