// `sluice certs`: development certificates. What is fit for use stays.

import ArgumentParser
import Bytes
import Engine
import OpenSSL
import Telemetry

struct CertificatesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certs",
    abstract: "Makes development certificates.",
    discussion: """
      Makes a local authority (ca.pem), server certificates for the given names (edge.pem with an \
      ECDSA key, edge-rsa.pem with an RSA key), and an authority for devices with one client \
      certificate (devices-ca.pem, device.pem), each with its private key in a .key file of mode \
      0600. What is there and fit stays; what has less than \(DevelopmentCertificates.renewalDays) \
      days left, or other names, is made again.

      They are for trying things out: the authorities' keys lie beside them.

      Examples:
        sluice certs
        sluice certs --directory /tmp/certs localhost api.example.test 192.0.2.7
        curl --cacert certs/ca.pem https://localhost:8443/

      Exit codes: 0 done, 64 usage, 66 a file cannot be read, 71 a file cannot be written.
      """)

  @Option(
    help: ArgumentHelp("The folder, made when missing.", valueName: "folder"),
    completion: .directory)
  var directory = "certs"

  @Flag(help: "Make all of them again, whatever is there.")
  var force = false

  @Argument(
    help: ArgumentHelp(
      "DNS names and IP addresses (default: localhost 127.0.0.1 ::1).", valueName: "name"))
  var names: [String] = []

  func validate() throws {
    for name in names where Self.kind(of: name) == nil {
      throw ValidationError("'\(name)' is neither a DNS name nor an IP address")
    }
  }

  func run() throws {
    let texts = names.isEmpty ? ["localhost", "127.0.0.1", "::1"] : names
    let set = DevelopmentCertificates(folder: directory, names: texts.compactMap(Self.kind))
    let now = Int(WallClock.milliseconds() / 1000)
    let report: DevelopmentCertificates.Report
    do throws(DevelopmentCertificates.Failure) {
      report = try set.renew(now: now, isForced: force, library: try library())
    } catch {
      throw Self.failure(error)
    }
    let day = Self.day(report.validUntil)
    let list = texts.joined(separator: ", ")
    guard !report.written.isEmpty else {
      return try Console.print("\(directory): valid until \(day) for \(list); nothing to do\n")
    }
    let files = report.written.map { "\($0).pem" }.joined(separator: ", ")
    try Console.print("\(directory): wrote \(files); valid until \(day) for \(list)\n")
  }

  private func library() throws(DevelopmentCertificates.Failure) -> LibraryContext {
    do throws(CryptoError) { return try LibraryContext() } catch { throw .crypto(error) }
  }

  /// Nil for text that is no name of a server.
  private static func kind(of text: String) -> CertificateBlueprint.Name? {
    if IPAddress(text) != nil { return .address(text) }
    let name = text.hasPrefix("*.") ? text.dropFirst(2) : text[...]
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    let isName =
      text.utf8.count <= 253
      && labels.allSatisfy { label in
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
          && label.utf8.allSatisfy {
            ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-")
          }
      }
    return isName ? .dns(text) : nil
  }

  static func failure(_ failure: DevelopmentCertificates.Failure) -> CommandFailure {
    switch failure {
    case .crypto(let error): CommandFailure(.internalError, error.text)
    case .file(let path, let error):
      CommandFailure(.system, "\(path): \(error.text)")
    case .foreign(let path):
      CommandFailure(
        .system, "\(path) was not made by the authority beside it; --force replaces it")
    }
  }

  private static func day(_ seconds: Int) -> String {
    let time = CivilTime(unixSeconds: UInt64(max(0, seconds)))
    let pad = { (number: UInt64) in number < 10 ? "0\(number)" : "\(number)" }
    return "\(time.year)-\(pad(time.month))-\(pad(time.day))"
  }
}
