// `sluice certs`: what it writes, and what it leaves alone.

import Testing

struct CertificatesTests {
  private static let names = ["ca", "edge", "edge-rsa", "devices-ca", "device"]

  @Test func `all files are written, and keys are their owner's alone`() throws {
    let folder = try Folder()
    let ending = try Command.run(["certs"], in: folder)
    #expect(ending.status == 0 && ending.output.hasPrefix("certs: wrote ca.pem, edge.pem"))
    for name in Self.names {
      #expect(try folder.mode("certs/\(name).key") == 0o600)
      #expect(try folder.read("certs/\(name).pem").hasPrefix("-----BEGIN CERTIFICATE-----"))
    }
  }

  @Test func `a second run changes nothing and says so`() throws {
    let folder = try Folder()
    let files = Self.names.flatMap { ["certs/\($0).pem", "certs/\($0).key"] }
    _ = try Command.run(["certs", "localhost"], in: folder)
    let before = try files.map(folder.read)
    let ending = try Command.run(["certs", "localhost"], in: folder)
    #expect(ending.status == 0 && ending.output.hasSuffix("for localhost; nothing to do\n"))
    #expect(try files.map(folder.read) == before)
    _ = try Command.run(["certs", "--force", "localhost"], in: folder)
    #expect(try files.map(folder.read) != before)
  }

  @Test func `a certificate that was not made here is refused by its name`() throws {
    let folder = try Folder()
    _ = try Command.run(["certs"], in: folder)
    try folder.write("not a certificate", to: "certs/edge.pem")
    let ending = try Command.run(["certs"], in: folder)
    #expect(ending.status == 71)
    #expect(ending.errors.contains("certs/edge.pem was not made by the authority beside it"))
    #expect(try folder.read("certs/edge.pem") == "not a certificate")
  }
}
