// Sets of keys as identity providers publish them: RFC 7517, RFC 7518 section 6, RFC 8037 section
// 2.

import Bytes
import OpenSSL

extension KeySet {
  /// Keys of one set, and bytes of its text.
  package static let keysMax = 100
  package static let bytesMax = 1 << 20

  /// Reads a JWK Set. Keys that are for something else, or that cannot be used, are left out and
  /// named, as RFC 7517 section 5 says; a set that two readers could understand differently is
  /// refused whole.
  package init(jwks: Span<UInt8>, library: LibraryContext) throws(KeySetError) {
    guard jwks.count <= Self.bytesMax else { throw KeySetError("the set has over 1MiB") }
    let json: JSONValue
    do throws(JSONError) { json = try JSONReader.read(jwks) } catch {
      throw KeySetError("the set is no JSON that is taken here: \(error)")
    }
    guard case .list(let items)? = json["keys"] else {
      throw KeySetError("the set has no list 'keys'")
    }
    guard items.count <= Self.keysMax else {
      throw KeySetError("the set has over \(Self.keysMax) keys")
    }
    var keys: [VerificationKey] = []
    var skipped: [String] = []
    for (index, item) in items.enumerated() {
      let name = item["kid"]?.text.map { "'\($0)'" } ?? "\(index)"
      do throws(KeySetError) {
        keys.append(try WebKey(item).key(library))
      } catch { skipped.append("key \(name): \(error.text)") }
    }
    try Self.refuseAmbiguity(items.map(WebKey.init))
    try Self.refuseMixture(keys)
    self.init(keys: keys, skipped: skipped)
  }

  /// RFC 7517 section 4.5: one id may stand for several keys when their kinds differ.
  /// Keys that cannot be used count too: nobody knows which of the two was meant.
  private static func refuseAmbiguity(_ keys: [WebKey]) throws(KeySetError) {
    for (index, key) in keys.enumerated()
    where keys[..<index].contains(where: { $0.isAmbiguous(with: key) }) {
      throw KeySetError("two keys of the set have the same id")
    }
  }

  private static func refuseMixture(_ keys: [VerificationKey]) throws(KeySetError) {
    let secrets = keys.filter { if case .secret = $0.material { true } else { false } }
    guard secrets.isEmpty || secrets.count == keys.count else {
      throw KeySetError("the set mixes secrets and public keys")
    }
  }
}

/// One JSON Web Key.
private struct WebKey {
  private let json: JSONValue

  init(_ json: JSONValue) { self.json = json }

  func key(_ library: LibraryContext) throws(KeySetError) -> VerificationKey {
    guard case .object = json else { throw KeySetError("it is no object") }
    try checkUse()
    let algorithm = try self.algorithm()
    let material = try self.material(library)
    let id = json["kid"]
    guard id == nil || id?.text != nil else { throw KeySetError("its id is no text") }
    let key = VerificationKey(id: id?.text, algorithm: algorithm, material: material)
    if let algorithm, !key.fits(algorithm) {
      throw KeySetError("it does not fit its algorithm \(algorithm.rawValue)")
    }
    return key
  }

  /// Whether a token that names the one could mean the other: same id, kind and curve, and no two
  /// algorithms that tell them apart.
  func isAmbiguous(with other: WebKey) -> Bool {
    guard let id = json["kid"]?.text, other.json["kid"]?.isText(Array(id.utf8)) ?? false,
      json["use"] != .text("enc"), other.json["use"] != .text("enc")
    else { return false }
    let (mine, its) = (json["alg"], other.json["alg"])
    return json["kty"] == other.json["kty"] && json["crv"] == other.json["crv"]
      && (mine == nil || its == nil || mine == its)
  }

  /// RFC 7517 sections 4.2 and 4.3.
  private func checkUse() throws(KeySetError) {
    if let use = json["use"], use.text != "sig" { throw KeySetError("it is not for signatures") }
    guard let operations = json["key_ops"] else { return }
    guard case .list(let items) = operations, items.contains(.text("verify")) else {
      throw KeySetError("it is not for verifying")
    }
  }

  private func algorithm() throws(KeySetError) -> JWSAlgorithm? {
    guard let alg = json["alg"] else { return nil }
    // RFC 9864 names the curve; which one it is the key says anyway.
    if alg.text == "Ed25519" || alg.text == "Ed448" { return .edDSA }
    guard let algorithm = alg.text.flatMap(JWSAlgorithm.init) else {
      throw KeySetError("its algorithm is not taken here")
    }
    return algorithm
  }

  private func material(_ library: LibraryContext) throws(KeySetError) -> VerificationKey.Material {
    let type = json["kty"]?.text ?? ""
    if type == "oct" {
      let secret = try bytes("k")
      guard secret.count >= DigestName.sha256.bytes else { throw KeySetError("it is too short") }
      return .secret(KeyBytes(secret.span))
    }
    // Whoever publishes it has given it away.
    guard json["d"] == nil else { throw KeySetError("it is a private key") }
    do throws(CryptoError) {
      let (key, modulus) = try publicKey(type, library)
      if let weakness = KeyStrength.weakness(of: key.kind, modulus: modulus) {
        throw CryptoError(weakness)
      }
      return .open(try key.encoded(), key.kind)
    } catch { throw KeySetError("it cannot be used: \(error.text)") }
  }

  private func publicKey(
    _ type: String, _ library: LibraryContext
  ) throws(CryptoError) -> (PublicKey, modulus: [UInt8]?) {
    switch (type, json["crv"]?.text) {
    case ("RSA", _):
      let modulus = try part("n")
      let key = try PublicKey.rsa(modulus: modulus, exponent: try part("e"), library: library)
      return (key, modulus)
    case ("EC", "P-256"): return (try point(.p256, library), nil)
    case ("EC", "P-384"): return (try point(.p384, library), nil)
    case ("EC", "P-521"): return (try point(.p521, library), nil)
    case ("OKP", "Ed25519"):
      return (try PublicKey.raw(try part("x"), on: .ed25519, library: library), nil)
    case ("OKP", "Ed448"):
      return (try PublicKey.raw(try part("x"), on: .ed448, library: library), nil)
    default: throw CryptoError(.keyKindUnsupported)
    }
  }

  /// RFC 7518 section 6.2.1.2: coordinates have the full size of the curve.
  private func point(
    _ kind: PublicKey.Kind, _ library: LibraryContext
  ) throws(CryptoError) -> PublicKey {
    let (x, y) = (try part("x"), try part("y"))
    guard x.count == kind.coordinateBytes, y.count == kind.coordinateBytes else {
      throw CryptoError(.keyUnreadable)
    }
    return try PublicKey.point([4] + x + y, on: kind, library: library)
  }

  private func part(_ name: String) throws(CryptoError) -> [UInt8] {
    do throws(KeySetError) { return try bytes(name) } catch { throw CryptoError(.keyUnreadable) }
  }

  private func bytes(_ name: String) throws(KeySetError) -> [UInt8] {
    guard let text = json[name]?.text, let bytes = Base64URL.decode(text.utf8Span.span),
      !bytes.isEmpty, bytes.count <= 2048
    else { throw KeySetError("its '\(name)' is not there or cannot be read") }
    return bytes
  }
}
