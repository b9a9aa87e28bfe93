// A token in the compact form of JWS, taken apart and judged by its header alone: RFC 7515 section
// 7.1, RFC 8725. Nothing that the header says about keys is ever followed.

import Bytes

/// Why a token is refused, as a stable token for the log.
package enum JWSError: String, Error, Sendable, CaseIterable {
  case tooLong = "token_too_long"
  /// Not three parts: an unsigned, an encrypted or no token.
  case notCompact = "token_not_compact"
  case encoding = "token_encoding"
  case header = "token_header"
  /// `crit` names an extension; none is known here.
  case critical = "token_critical_extension"
  case unencodedPayload = "token_unencoded_payload"
  /// The header brings a key, or says where to get one.
  case ownKey = "token_brings_key"
  case encrypted = "token_encrypted_or_nested"
  case algorithm = "token_algorithm_not_allowed"
  case unknownKey = "token_key_unknown"
  case signature = "token_signature_wrong"
}

/// The parts of a token, of which nothing is proved yet.
package struct CompactJWS {
  /// Bytes of a token: HARDENING's bound, checked before anything is split.
  package static let bytesMax = 8 * 1024
  /// Bytes of a key's id, which is for looking up and nothing else.
  package static let keyIDBytesMax = 128

  package let algorithm: String
  package let keyID: String?
  package let type: String?
  package let payload: [UInt8]
  package let signature: [UInt8]
  /// What is signed: header and payload as they stand in the text.
  package let signingInput: Range<Int>

  package init(_ text: Span<UInt8>) throws(JWSError) {
    guard text.count <= Self.bytesMax else { throw .tooLong }
    let dot = UInt8(ascii: ".")
    let first = text.firstIndex(of: dot, from: 0)
    guard first < text.count else { throw .notCompact }
    let second = text.firstIndex(of: dot, from: first + 1)
    guard second < text.count, text.firstIndex(of: dot, from: second + 1) == text.count,
      first > 0, second + 1 < text.count
    else { throw .notCompact }
    guard let headerBytes = Base64URL.decode(text.extracting(0..<first)),
      let payload = Base64URL.decode(text.extracting(first + 1..<second)),
      let signature = Base64URL.decode(text.extracting(second + 1..<text.count))
    else { throw .encoding }
    let header = try Self.header(headerBytes)
    guard let algorithm = header["alg"]?.text else { throw .header }
    self.algorithm = algorithm
    keyID = try Self.optionalText("kid", of: header)
    type = try Self.optionalText("typ", of: header)
    guard keyID?.utf8.count ?? 0 <= Self.keyIDBytesMax else { throw .header }
    self.payload = payload
    self.signature = signature
    signingInput = 0..<second
  }

  private static func header(_ bytes: [UInt8]) throws(JWSError) -> JSONValue {
    let header: JSONValue
    do throws(JSONError) { header = try JSONReader.read(bytes.span) } catch { throw .header }
    guard case .object(let members) = header else { throw .header }
    if members["crit"] != nil { throw .critical }
    if let b64 = members["b64"], b64 != .bool(true) { throw .unencodedPayload }
    if members["enc"] != nil { throw .encrypted }
    if let content = members["cty"]?.text, content.lowercased().hasSuffix("jwt") {
      throw .encrypted
    }
    for name in ["jwk", "jku", "x5u", "x5c"] where members[name] != nil { throw .ownKey }
    return header
  }

  private static func optionalText(
    _ name: String, of header: JSONValue
  ) throws(JWSError) -> String? {
    guard let value = header[name] else { return nil }
    guard let text = value.text else { throw .header }
    return text
  }
}
