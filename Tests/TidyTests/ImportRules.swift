// Which target may import which: a row imports only rows below it. docs/architecture.md draws the
// rows.

enum ImportRules {
  /// The project's targets, top row first.
  static let rows: [Set<String>] = [
    ["sluice"],
    ["Gateway"],
    ["Policies", "Routing", "Upstreams", "RedisStore"],
    ["PolicyChain", "Transport"],
    ["HTTP1", "HTTP2", "TLS", "Signatures", "RESP", "Compression", "Engine", "Buckets"],
    ["HTTPMessage", "Configuration", "Telemetry", "OpenSSL"],
    ["Bytes"],
    ["CLinux", "COpenSSL", "CHiredis", "CZlib", "CNGHTTP2", "CAres", "CCrypt"],
  ]

  static func direction(_ file: SourceFile) -> [Violation] {
    guard file.path.hasPrefix("Sources/"), let target = file.target else { return [] }
    guard let own = row(of: target) else {
      let message = "the target \(target) has no row; give it one in ImportRules and the docs"
      return [Violation(path: file.path, line: 1, message: message)]
    }
    return file.code.enumerated().compactMap { index, line in
      guard let name = imported(line), name != target, let other = row(of: name), other <= own
      else { return nil }
      let message = "\(target) does not import \(name): a row imports only rows below it"
      return Violation(path: file.path, line: index + 1, message: message)
    }
  }

  private static func row(of target: String) -> Int? {
    rows.firstIndex { $0.contains(target) }
  }

  private static let importLine = Pattern(
    #"^\s*(?:@\w+(?:\(\w+\))?\s+)*(?:(?:package|internal|public|private) )?import\s+(\w+)"#)

  private static func imported(_ line: String) -> String? {
    importLine.matches(in: line).first?.text
  }
}
