// Certificate files: read as verified pairs, read again when they change, and kept when the new
// ones are bad.

import Glibc
import OpenSSL
import Testing

@testable import TLS

final class CertificateStoreTests {
  private let folder: String
  private let authority: TestAuthority
  private var files: Set<String> = []
  private var store = CertificateStore()

  init() throws {
    var template = Array("/tmp/store-XXXXXX".utf8CString)
    let made = unsafe mkdtemp(&template)
    folder = unsafe String(cString: try #require(unsafe made))
    authority = try TestAuthority()
  }

  deinit {
    for file in files { unsafe unlink(file) }
    unsafe rmdir(folder)
  }

  private func put(_ bytes: [UInt8], _ name: String) throws -> String {
    let path = "\(folder)/\(name)"
    try AtomicFile.write(bytes, to: path, mode: 0o600)
    files.insert(path)
    return path
  }

  private func putPair(_ dns: String, as name: String, notAfter: Int = TestAuthority.forever) throws
    -> CertificateStore.Source
  {
    let text = try authority.leafPEM([.dns(dns)], notAfter: notAfter)
    return CertificateStore.Source(
      certificate: try put(text.chain, "\(name).pem"),
      key: .file(try put(text.key, "\(name).key")))
  }

  private func path(of key: KeySource) -> String {
    if case .file(let path) = key { path } else { "" }
  }

  private func refresh() -> [String] {
    store.refresh(library: authority.library).map { change in
      switch change.outcome {
      case .replaced(let pair): "\(change.name) replaced \(pair.names)"
      case .kept(let error): "\(change.name) kept \(error.reason)"
      }
    }
  }

  @Test func `a pair is loaded with its names and dates`() throws {
    let source = try putPair("a.test", as: "a")
    let pair = try store.load("a", from: source, library: authority.library)
    #expect(pair.names == [.dns("a.test")] && pair.kind == .ecdsa)
    #expect(pair.notAfter == TestAuthority.forever && pair.fingerprint.count == 64)
    #expect(pair.warnings(at: TestAuthority.now + 1) == [])
    #expect(store.changed == [] && refresh() == [])
  }

  @Test func `an expired or unnamed certificate is loaded with a warning`() throws {
    let source = try putPair("a.test", as: "a", notAfter: TestAuthority.now + 10)
    let pair = try store.load("a", from: source, library: authority.library)
    #expect(pair.warnings(at: TestAuthority.now + 11) == [.expired])
    #expect(pair.warnings(at: TestAuthority.now - 1) == [.notYetValid])
    #expect(try authority.pair([]).warnings(at: TestAuthority.now + 1) == [.noNames])
  }

  @Test func `a new pair replaces the old one`() throws {
    _ = try store.load("a", from: try putPair("a.test", as: "a"), library: authority.library)
    _ = try putPair("b.test", as: "a")
    #expect(store.changed == ["a"])
    #expect(refresh() == ["a replaced [OpenSSL.CertificateName.dns(\"b.test\")]"])
    #expect(store.pair(named: "a")?.names == [.dns("b.test")])
    #expect(refresh() == [])
  }

  @Test func `a symlink that is turned to another file is a change`() throws {
    let first = try putPair("a.test", as: "first")
    let second = try putPair("b.test", as: "second")
    let linkedKey = "\(folder)/link.key"
    let links = CertificateStore.Source(
      certificate: "\(folder)/link.pem", key: .file(linkedKey))
    files.formUnion([links.certificate, linkedKey])
    for source in [first, second] {
      unsafe unlink(links.certificate)
      unsafe unlink(linkedKey)
      #expect(unsafe symlink(source.certificate, links.certificate) == 0)
      #expect(unsafe symlink(path(of: source.key), linkedKey) == 0)
      if source == first { _ = try store.load("a", from: links, library: authority.library) }
    }
    #expect(refresh().count == 1)
    #expect(store.pair(named: "a")?.names == [.dns("b.test")])
  }

  @Test func `a bad new pair keeps the old one, is reported once, and is mended by a good one`()
    throws
  {
    let source = try putPair("a.test", as: "a")
    _ = try store.load("a", from: source, library: authority.library)
    let new = try authority.leafPEM([.dns("b.test")])
    _ = try put(new.chain, "a.pem")
    #expect(refresh() == ["a kept key_does_not_match"])
    #expect(refresh() == [])
    #expect(store.pair(named: "a")?.names == [.dns("a.test")])
    _ = try put(Array(new.key.dropLast(40)), "a.key")
    #expect(refresh() == ["a kept key_unreadable"])
    unsafe unlink(path(of: source.key))
    #expect(refresh() == ["a kept certificate_file_unreadable"])
    #expect(refresh() == [])
    _ = try put(new.key, "a.key")
    #expect(refresh().count == 1)
    #expect(store.pair(named: "a")?.names == [.dns("b.test")])
  }

  @Test func `a key that is given as text serves, and only the certificate is watched`() throws {
    let file = try putPair("a.test", as: "a")
    let text = KeyText(try FileBytes.read(path(of: file.key), max: 10_000))
    #expect("\(text)" == "<private key>" && String(reflecting: text) == "<private key>")
    let source = CertificateStore.Source(certificate: file.certificate, key: .given(text))
    let pair = try store.load("a", from: source, library: authority.library)
    #expect(pair.names == [.dns("a.test")])
    unsafe unlink(path(of: file.key))
    #expect(refresh() == [])
    let new = try authority.leafPEM([.dns("b.test")])
    _ = try put(new.chain, "a.pem")
    #expect(refresh() == ["a kept key_does_not_match"])
  }

  @Test func `a pair that cannot be used is not loaded`() throws {
    let good = try putPair("a.test", as: "a")
    let other = try putPair("b.test", as: "b")
    let mixed = CertificateStore.Source(certificate: good.certificate, key: other.key)
    #expect(throws: CertificateError.mismatch) {
      _ = try store.load("a", from: mixed, library: authority.library)
    }
    let missing = CertificateStore.Source(certificate: "\(folder)/none", key: good.key)
    #expect(
      throws: CertificateError.file(path: "\(folder)/none", FileError(number: ENOENT))
    ) { _ = try store.load("a", from: missing, library: authority.library) }
    #expect(store.names == [])
  }
}
