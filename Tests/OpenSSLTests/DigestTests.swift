// Digests against published vectors, and the random source.

import OpenSSL
import Testing

struct DigestTests {
  private let library: LibraryContext

  init() throws { library = try LibraryContext() }

  /// FIPS 180-4 examples.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  ])
  func `SHA-256 gives the published digests, also when used again`(text: String, hex: String) throws
  {
    let digests = try SHA256(library: library)
    let bytes = Array(text.utf8)
    for _ in 0..<2 { #expect(try digests.digest(of: bytes.span).hex == hex) }
  }

  /// RFC 4231 test case 2.
  @Test func `HMAC-SHA-256 gives the published code, also when used again`() throws {
    let key = Array("Jefe".utf8)
    let text = Array("what do ya want for nothing?".utf8)
    let hmac = try HMACSHA256(key: key.span, library: library)
    let other = try hmac.code(for: key.span)
    let code = try hmac.code(for: text.span)
    #expect(code.hex == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(code != other)
    #expect(try hmac.code(for: text.span) == code)
  }

  /// In a process of its own: here another test may have used OpenSSL earlier.
  @Test func `record buffers are kept from the first use of the library on`() async {
    await #expect(processExitsWith: .success) {
      precondition(LibraryContext.keepsRecordBuffers, "Nothing used OpenSSL before.")
    }
  }

  @Test func `random numbers differ within and between blocks`() throws {
    let random = try SecureRandom(library: library)
    var seen: Set<UInt64> = []
    for _ in 0..<2000 { seen.insert(random.next()) }
    #expect(seen.count == 2000)
  }
}
