// The files that `sluice certs` writes.

import Glibc
import OpenSSL
import Testing

struct DevelopmentCertificatesTests {
  private func temporaryFolder() throws -> String {
    var template = Array("/tmp/certs-XXXXXX".utf8CString)
    let made = unsafe mkdtemp(&template)
    return unsafe String(cString: try #require(unsafe made))
  }

  private func remove(_ folder: String) {
    for name in ["ca", "edge-ecdsa", "edge-rsa"] {
      unsafe unlink("\(folder)/\(name).pem")
      unsafe unlink("\(folder)/\(name).key")
    }
    unsafe rmdir(folder)
  }

  @Test func `keys are private, leaves match their keys and last 825 days`() throws {
    let folder = try temporaryFolder()
    defer { remove(folder) }
    let library = try LibraryContext()
    let made = DevelopmentCertificates(
      folder: folder, names: [.dns("localhost"), .address("127.0.0.1")])
    // The second run replaces the files of the first.
    _ = try made.write(now: 1_700_000_000, library: library)
    let written = try made.write(now: 1_700_000_000, library: library)
    for (files, kind) in [(written.ecdsa, KeyKind.ecdsa), (written.rsa, .rsa)] {
      let text = try FileBytes.read(files.certificate, max: 10_000)
      let keyText = try FileBytes.read(files.key, max: 10_000)
      let leaf = try PEM.certificates(in: text.span, max: 1, library: library)[0]
      let key = try PrivateKey.read(pem: keyText.span, library: library)
      #expect(key.kind == kind && leaf.matches(key))
      #expect(try leaf.names == [.dns("localhost"), .address([127, 0, 0, 1])])
      #expect(try leaf.notAfter - leaf.notBefore == 825 * 86_400)
      var status = stat()
      #expect(unsafe stat(files.key, &status) == 0)
      #expect(status.st_mode & 0o777 == 0o600)
    }
  }

  @Test func `a folder that does not exist is reported with its path`() throws {
    let library = try LibraryContext()
    let made = DevelopmentCertificates(folder: "/nonexistent-folder", names: [])
    #expect(
      throws: DevelopmentCertificates.Failure.file(
        path: "/nonexistent-folder/ca.key", FileError(number: ENOENT))
    ) { try made.write(now: 0, library: library) }
  }
}
