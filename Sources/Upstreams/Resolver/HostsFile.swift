// Names from /etc/hosts, which go before DNS. Lines that cannot be read are passed over, as every
// other reader of this file does: it belongs to the machine and not to Sluice.

import Bytes
import Engine
import Glibc

/// The names of a hosts file.
package struct HostsFile: Sendable {
  /// Bytes that are read of the file; ad blockers put megabytes there.
  static let bytesMax = 4 << 20

  private var addresses: [String: [IPAddress]] = [:]

  package init(_ text: borrowing Span<UInt8>) {
    var start = 0
    while start < text.count {
      var end = start
      while end < text.count, text[end] != ASCII.lineFeed { end += 1 }
      addLine(text, start..<end)
      start = end + 1
    }
  }

  /// Reads the file at `path`. One that is not there has no names.
  package init(path: String) throws(SystemError) {
    let text = try Self.read(path)
    self.init(text.span)
  }

  /// The addresses of a name in lower case, in the order of the file.
  package subscript(name: String) -> [IPAddress] { addresses[name] ?? [] }

  private mutating func addLine(_ text: borrowing Span<UInt8>, _ line: Range<Int>) {
    var words: [String] = []
    var start = line.lowerBound
    while start < line.upperBound, text[start] != UInt8(ascii: "#") {
      var end = start
      while end < line.upperBound, !Self.separates(text[end]) { end += 1 }
      if end > start { words.append(text.extracting(start..<end).text.lowercased()) }
      if end == start { end += 1 }
      start = end
    }
    guard let first = words.first, let address = IPAddress(first) else { return }
    for name in words.dropFirst() where !(addresses[name] ?? []).contains(address) {
      addresses[name, default: []].append(address)
    }
  }

  private static func read(_ path: String) throws(SystemError) -> [UInt8] {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      guard errno == ENOENT else { throw SystemError("open") }
      return []
    }
    defer { close(file) }
    var text: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 64 * 1024)
    while text.count < bytesMax {
      let count = unsafe block.withUnsafeMutableBytes {
        unsafe Glibc.read(file, $0.baseAddress, $0.count)
      }
      guard count >= 0 else { throw SystemError("read") }
      guard count > 0 else { break }
      text += block[..<count]
    }
    return text
  }

  private static func separates(_ byte: UInt8) -> Bool {
    byte == ASCII.space || byte == ASCII.tab || byte == ASCII.carriageReturn
      || byte == UInt8(ascii: "#")
  }
}
