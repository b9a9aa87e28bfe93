// Which answer a path asks for. Pure: no sockets here.

/// What the echo upstream does with a request.
enum EchoAnswer: Equatable {
  /// Tells what was received.
  case report(status: UInt16)
  /// Tells it after so many milliseconds.
  case delayed(milliseconds: UInt64)
  /// Sends the request's body back.
  case body
  /// So many bytes, counted.
  case bytes(Int)
  /// So many chunks of one line.
  case chunks(Int)
  /// So many server-sent events, with so many milliseconds between two.
  case events(count: Int, every: UInt64)
  /// The demo path is used wrongly.
  case refused(String)

  /// - Parameters:
  ///   - path: starts with a slash, or is `*`.
  ///   - query: without its question mark.
  init(path: String, query: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
    let options = EchoAnswer.options(query)
    switch parts.first {
    case "status" where parts.count == 2:
      let status = EchoAnswer.number(parts[1], in: 200...599)
      self = status.map { .report(status: UInt16($0)) } ?? .refused("a status is 200 to 599")
    case "delay" where parts.count == 2:
      let wait = EchoAnswer.number(parts[1], in: 0...EchoLimits.delayMax)
      self =
        wait.map { .delayed(milliseconds: UInt64($0)) }
        ?? .refused("a delay is 0 to \(EchoLimits.delayMax) milliseconds")
    case "bytes" where parts.count == 2:
      let count = EchoAnswer.number(parts[1], in: 0...EchoLimits.bytesMax)
      self = count.map { .bytes($0) } ?? .refused("bytes are 0 to \(EchoLimits.bytesMax)")
    case "chunked" where parts.count == 2:
      let count = EchoAnswer.number(parts[1], in: 0...EchoLimits.chunksMax)
      self = count.map { .chunks($0) } ?? .refused("chunks are 0 to \(EchoLimits.chunksMax)")
    case "sse" where parts.count == 1:
      let count = EchoAnswer.number(options["count"] ?? "10", in: 1...EchoLimits.eventsMax)
      let every = EchoAnswer.number(options["every"] ?? "250", in: 0...EchoLimits.delayMax)
      guard let count, let every else {
        self = .refused("count is 1 to \(EchoLimits.eventsMax), every is milliseconds")
        return
      }
      self = .events(count: count, every: UInt64(every))
    default: self = options["echo"] == "body" ? .body : .report(status: 200)
    }
  }

  /// The last value of each name; encoded characters stay as they are.
  private static func options(_ query: String) -> [String: String] {
    let pairs = query.split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
    return Dictionary(
      pairs.map { (String($0.first ?? ""), String($0.dropFirst().first ?? "")) },
      uniquingKeysWith: { $1 })
  }

  /// Digits only: `Int` would take a sign.
  private static func number(_ text: String, in range: ClosedRange<Int>) -> Int? {
    guard text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text),
      range.contains(number)
    else { return nil }
    return number
  }
}
