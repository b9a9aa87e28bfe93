// The log writer's promises: order, nothing lost without a count, no waiting for a slow output.

import Bytes
import Glibc
import Testing

@testable import Telemetry

@Suite struct LogWriterTests {
  static func block(_ lines: [String]) -> LogBlock {
    var block = LogBlock(capacity: 64)
    for line in lines {
      block.text.append(line + "\n")
      block.lineCount += 1
    }
    return block
  }

  static func writer(_ pipe: Pipe, blocks: Int = 4) throws -> LogWriter {
    try LogWriter(
      destination: LogDestination(descriptor: pipe.writer), queueBlocksMax: blocks,
      onError: { _ in })
  }

  @Test func `blocks come out in the order in which they were handed over`() throws {
    let pipe = Pipe(isBlocking: true)
    let writer = try Self.writer(pipe, blocks: 64)
    var expected = ""
    for number in 0..<40 {
      var block = Self.block(["\(number) a", "\(number) b"])
      expected += block.text.bytes.text
      writer.handOver(&block)
    }
    #expect(String(decoding: pipe.read(expected.utf8.count), as: UTF8.self) == expected)
    #expect(writer.stop(milliseconds: 5000))
    #expect(writer.droppedLines == 0)
  }

  @Test(arguments: [true, false])
  func `a pipe that nobody reads costs lines, which are counted, and no waiting`(isBlocking: Bool)
    throws
  {
    let pipe = Pipe(isBlocking: isBlocking)
    let writer = try Self.writer(pipe, blocks: 2)
    let line = String(repeating: "x", count: 2047)
    // Eight lines are four times what the pipe holds: the thread is stuck with the first block, two
    // wait.
    var handed = 0
    for _ in 0..<10 {
      var block = Self.block(Array(repeating: line, count: 8))
      writer.handOver(&block)
      #expect(block.lineCount == 0 && block.text.isEmpty)
      handed += 8
    }
    #expect(!writer.flush(milliseconds: 20))
    let dropped = Int(writer.droppedLines)
    #expect(dropped >= 7 * 8 && dropped <= 8 * 8)
    #expect(dropped % 8 == 0)
    // Once it is read again, everything that was not dropped comes out whole.
    let bytes = pipe.read((handed - dropped) * 2048)
    #expect(bytes.count == (handed - dropped) * 2048)
    #expect(writer.stop(milliseconds: 5000))
    #expect(Int(writer.droppedLines) == dropped)
  }

  @Test func `a closed pipe is reported once and its lines are counted`() throws {
    let pipe = Pipe(isBlocking: true)
    let failures = Recorder()
    let writer = try LogWriter(
      destination: LogDestination(descriptor: pipe.writer), queueBlocksMax: 4,
      onError: { failures.add($0) })
    pipe.closeReader()
    for _ in 0..<3 {
      var block = Self.block(["a", "b"])
      writer.handOver(&block)
      #expect(writer.flush(milliseconds: 5000))
    }
    #expect(writer.droppedLines == 6)
    #expect(failures.all == [LogFailure("write", number: EPIPE)])
    #expect(writer.stop(milliseconds: 5000))
  }

  @Test func `blocks after a stop are counted as dropped`() throws {
    let pipe = Pipe(isBlocking: true)
    let writer = try Self.writer(pipe)
    #expect(writer.stop(milliseconds: 5000))
    var block = Self.block(["late"])
    writer.handOver(&block)
    #expect(writer.droppedLines == 1)
  }

  @Test func `a stop does not wait for ever on an output that takes nothing`() throws {
    let pipe = Pipe(isBlocking: false)
    let writer = try Self.writer(pipe)
    var block = Self.block(Array(repeating: String(repeating: "x", count: 2047), count: 8))
    writer.handOver(&block)
    #expect(writer.stop(milliseconds: 5000))
    #expect(writer.droppedLines >= 6)
  }

  @Test func `after a rotation the lines go to a new file`() throws {
    let path = Self.temporaryPath()
    let rotated = path + ".1"
    defer {
      _ = unsafe unlink(path)
      _ = unsafe unlink(rotated)
    }
    let writer = try LogWriter(
      destination: LogDestination(path: path), queueBlocksMax: 4, onError: { _ in })
    var block = Self.block(["first"])
    writer.handOver(&block)
    #expect(writer.flush(milliseconds: 5000))
    let renamed = unsafe rename(path, rotated)
    #expect(renamed == 0)
    writer.reopen()
    block.text.append("second\n")
    block.lineCount = 1
    writer.handOver(&block)
    #expect(writer.stop(milliseconds: 5000))
    #expect(Self.contents(of: rotated) == "first\n")
    #expect(Self.contents(of: path) == "second\n")
  }

  @Test func `a file that cannot be opened says why`() {
    #expect(throws: LogFailure("open", number: ENOENT)) {
      _ = try LogDestination(path: "/nonexistent/access.log")
    }
  }

  @Test func `lines that were cut by an error do not run into the next ones`() throws {
    let pipe = Pipe(isBlocking: false)
    var output = LogOutput(
      destination: LogDestination(descriptor: pipe.writer), onError: { _ in })
    let long = Self.block([String(repeating: "x", count: 6000), "next"])
    #expect(output.write(long, mayWait: { false }) == 2)
    #expect(pipe.read(4096).count == 4096)
    #expect(output.write(Self.block(["whole"]), mayWait: { false }) == 0)
    #expect(String(decoding: pipe.read(7), as: UTF8.self) == "\nwhole\n")
  }

  @Test func `the queue keeps order, bounds and count through every wrap`() {
    var queue = LogQueue(blocksMax: 3)
    var next = 0
    var expected = 0
    for round in 0..<20 {
      for _ in 0..<(round % 4 + 1) {
        var block = Self.block(["\(next)"])
        let before = queue.droppedLines
        queue.exchange(&block)
        if queue.droppedLines == before { next += 1 }
      }
      while let text = Self.writeNext(of: &queue) {
        #expect(text == "\(expected)\n")
        expected += 1
      }
    }
    #expect(expected == next)
    // Rounds of four find room for three.
    #expect(queue.droppedLines == 5)
  }

  @Test func `steady work reuses the blocks it has`() {
    var queue = LogQueue(blocksMax: 4)
    var mine = Self.block(["x"])
    queue.exchange(&mine)
    #expect(Self.writeNext(of: &queue) == "x\n")
    // From here on the same two blocks go round: the one with the larger room comes back.
    mine.text.reserve(10_000)
    let capacity = mine.text.capacity
    var seen: [Int] = []
    for _ in 0..<4 {
      mine.text.append("y\n")
      mine.lineCount = 1
      queue.exchange(&mine)
      seen.append(mine.text.capacity)
      #expect(Self.writeNext(of: &queue) == "y\n")
    }
    #expect(seen == [64, capacity, 64, capacity])
  }

  /// Does what the thread does with the next block, and returns its text; nil when none is queued.
  static func writeNext(of queue: inout LogQueue) -> String? {
    switch queue.next() {
    case .write(let block):
      let text = text(of: block)
      queue.written(block, linesLost: 0)
      return text
    default: return nil
    }
  }

  static func text(of block: borrowing LogBlock) -> String { block.text.bytes.text }

  static func temporaryPath() -> String {
    "/tmp/sluice-log-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
  }

  static func contents(of path: String) -> String {
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { return "" }
    defer { _ = close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = unsafe read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes[0..<max(count, 0)], as: UTF8.self)
  }
}

/// Failures as they were reported, from whatever thread.
final class Recorder: Sendable {
  private let failures = Locked<[LogFailure]>([])
  func add(_ failure: LogFailure) { failures.withLock { $0.append(failure) } }
  var all: [LogFailure] { failures.withLock { $0 } }
}
