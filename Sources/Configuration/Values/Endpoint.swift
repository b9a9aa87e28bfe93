// Addresses with a port, for servers and binds: `host:8443`, `"[::1]:80"`, `:443`,
// `unix:/run/x.sock`.

/// Where a server listens: a name or address with a port, or a unix socket.
package enum Endpoint: Sendable, Hashable, CustomStringConvertible {
  case name(String, port: UInt16)
  case address(IPAddress, port: UInt16)
  case unix(path: String)

  package init(parsing text: String) throws(ValueProblem) {
    if text.hasPrefix("unix:") {
      self = try Endpoint.unix(text)
      return
    }
    let (host, port) = try Endpoint.split(text)
    if let address = IPAddress(parsing: host) {
      self = .address(address, port: port)
    } else if Endpoint.isHostName(host) {
      self = .name(host.lowercased(), port: port)
    } else {
      throw ValueProblem()
    }
  }

  /// 107 bytes and the final zero are all that `sun_path` holds.
  private static func unix(_ text: String) throws(ValueProblem) -> Endpoint {
    let path = String(text.dropFirst(5))
    guard path.hasPrefix("/") else { throw ValueProblem("must name an absolute path") }
    guard path.utf8.count <= 107 else { throw ValueProblem("is longer than a socket path may be") }
    return .unix(path: path)
  }

  /// Splits `HOST:PORT`, and `[V6]:PORT`, whose brackets are taken off.
  static func split(_ text: String) throws(ValueProblem) -> (host: String, port: UInt16) {
    guard let colon = text.lastIndex(of: ":") else {
      throw ValueProblem(hint: "a port is missing")
    }
    let digits = text[text.index(after: colon)...]
    guard digits.isDigits, digits.utf8.count <= 5, let port = UInt16(digits), port > 0 else {
      throw ValueProblem()
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
      guard host.contains(":") else { throw ValueProblem() }
    } else if host.contains(":") {
      throw ValueProblem(hint: "write \"[\(host)]:\(port)\"")
    }
    return (String(host), port)
  }

  /// RFC 1123 section 2.1, and `_`, which container networks use. A name whose last label is a
  /// number is no name.
  static func isHostName(_ text: String) -> Bool {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= 253, labels.last?.isDigits == false else { return false }
    return labels.allSatisfy { label in
      (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.utf8.allSatisfy {
          48...57 ~= $0 || 65...90 ~= $0 || 97...122 ~= $0 || $0 == 45 || $0 == 95
        }
    }
  }

  package var description: String {
    switch self {
    case .name(let name, let port): "\(name):\(port)"
    case .address(let address, let port) where address.isV4: "\(address):\(port)"
    case .address(let address, let port): "[\(address)]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}

/// Where a listener binds: an address with a port, every address (`:443`), or a unix socket.
package enum BindAddress: Sendable, Hashable, CustomStringConvertible {
  /// Every address of both families.
  case any(port: UInt16)
  case address(IPAddress, port: UInt16)
  case unix(path: String)

  package init(parsing text: String) throws(ValueProblem) {
    if text.hasPrefix(":") {
      self = .any(port: try Endpoint.split(text).port)
      return
    }
    switch try Endpoint(parsing: text) {
    case .address(let address, let port): self = .address(address, port: port)
    case .unix(let path): self = .unix(path: path)
    case .name: throw ValueProblem(hint: "a name may have several addresses: write one address")
    }
  }

  /// Whether only this machine can connect.
  package var isLocal: Bool {
    switch self {
    case .any: false
    case .address(let address, _): address.isLoopback
    case .unix: true
    }
  }

  package var description: String {
    switch self {
    case .any(let port): ":\(port)"
    case .address(let address, let port): Endpoint.address(address, port: port).description
    case .unix(let path): "unix:\(path)"
    }
  }
}
