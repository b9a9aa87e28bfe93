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

  private static let all = ["ca", "edge", "edge-rsa", "devices-ca", "device"]
  private static let now = 1_700_000_000

  private func remove(_ folder: String) {
    for name in Self.all {
      unsafe unlink("\(folder)/\(name).pem")
      unsafe unlink("\(folder)/\(name).key")
    }
    unsafe rmdir(folder)
  }

  private func renew(
    _ folder: String, _ names: [CertificateBlueprint.Name] = [.dns("localhost")],
    days: Int = 0, isForced: Bool = false
  ) throws -> [String] {
    try DevelopmentCertificates(folder: folder, names: names).renew(
      now: Self.now + days * 86_400, isForced: isForced, library: LibraryContext()
    ).written
  }

  @Test func `keys are private, leaves match their keys and last 825 days`() throws {
    let folder = try temporaryFolder()
    defer { remove(folder) }
    let library = try LibraryContext()
    #expect(try renew(folder, [.dns("localhost"), .address("127.0.0.1")]) == Self.all)
    for (name, kind) in [("edge", KeyKind.ecdsa), ("edge-rsa", .rsa)] {
      let text = try FileBytes.read("\(folder)/\(name).pem", max: 10_000)
      let keyText = try FileBytes.read("\(folder)/\(name).key", max: 10_000)
      let leaf = try PEM.certificates(in: text.span, max: 1, library: library)[0]
      let key = try PrivateKey.read(pem: keyText.span, library: library)
      #expect(key.kind == kind && leaf.matches(key))
      #expect(try leaf.names == [.dns("localhost"), .address([127, 0, 0, 1])])
      #expect(try leaf.notAfter - leaf.notBefore == 825 * 86_400)
      var status = stat()
      #expect(unsafe stat("\(folder)/\(name).key", &status) == 0)
      #expect(status.st_mode & 0o777 == 0o600)
    }
  }

  @Test func `what is fit stays until thirty days before its end`() throws {
    let folder = try temporaryFolder()
    defer { remove(folder) }
    let names: [CertificateBlueprint.Name] = [.dns("localhost"), .address("::1")]
    #expect(try renew(folder, names) == Self.all)
    #expect(try renew(folder, names.reversed()) == [])
    #expect(try renew(folder, names, days: 825 - 31) == [])
    #expect(try renew(folder, names, days: 825 - 29) == Self.all)
    #expect(try renew(folder, names, days: 825) == [])
  }

  @Test func `other names make new server certificates of the same authority`() throws {
    let folder = try temporaryFolder()
    defer { remove(folder) }
    #expect(try renew(folder) == Self.all)
    #expect(try renew(folder, [.dns("other.test")]) == ["edge", "edge-rsa"])
    #expect(try renew(folder, [.dns("other.test"), .dns("a.test")]) == ["edge", "edge-rsa"])
  }

  @Test func `a certificate of somebody else is replaced only by force`() throws {
    let folder = try temporaryFolder()
    defer { remove(folder) }
    #expect(try renew(folder) == Self.all)
    unsafe unlink("\(folder)/ca.pem")
    unsafe unlink("\(folder)/ca.key")
    #expect(throws: DevelopmentCertificates.Failure.foreign(path: "\(folder)/edge.pem")) {
      try renew(folder)
    }
    #expect(try renew(folder, isForced: true) == Self.all)
    unsafe unlink("\(folder)/device.key")
    #expect(throws: DevelopmentCertificates.Failure.foreign(path: "\(folder)/device.pem")) {
      try renew(folder)
    }
  }

  @Test func `a folder that cannot be made is reported with its path`() throws {
    let path = "/nonexistent-folder/certs"
    #expect(
      throws: DevelopmentCertificates.Failure.file(path: path, FileError(number: ENOENT))
    ) { try renew(path) }
  }
}
