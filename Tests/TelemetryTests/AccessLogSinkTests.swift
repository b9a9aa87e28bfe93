// When a worker's lines leave it: by size, by age, on demand.

import Bytes
import Testing

@testable import Telemetry

@Suite struct AccessLogSinkTests {
  let pipe = Pipe(isBlocking: true)
  let writer: LogWriter
  let sink: AccessLogSink

  init() throws {
    writer = try LogWriter(
      destination: LogDestination(descriptor: pipe.writer), queueBlocksMax: 64, onError: { _ in })
    sink = AccessLogSink(writer: writer, format: .clf, limits: AccessLimits())
  }

  private func append(now: UInt64) {
    var record = AccessRecord()
    Sample.fill(&record)
    sink.append(record, now: now)
  }

  @Test func `an old block is handed over by the tick and not before`() {
    #expect(sink.deadline == nil)
    append(now: 1_000)
    append(now: 50_000_000)
    #expect(sink.deadline == 100_001_000)
    sink.tick(now: 100_000_999)
    #expect(sink.deadline == 100_001_000)
    sink.tick(now: 100_001_000)
    #expect(sink.deadline == nil)
    let line = AccessLogTests.line(.clf) { record in Sample.fill(&record) }
    #expect(pipe.read(2 * line.utf8.count) == Array((line + line).utf8))
    #expect(writer.stop(milliseconds: 5000))
  }

  @Test func `a full block is handed over at once`() {
    let line = AccessLogTests.line(.clf) { record in Sample.fill(&record) }.utf8.count
    let lines = (AccessLogSink.blockBytes + line - 1) / line
    for _ in 1..<lines { append(now: 1) }
    #expect(sink.deadline != nil)
    append(now: 1)
    #expect(sink.deadline == nil)
    #expect(pipe.read(lines * line).count == lines * line)
    #expect(writer.stop(milliseconds: 5000))
  }

  @Test func `a flush of nothing hands over nothing`() {
    sink.flush()
    #expect(writer.stop(milliseconds: 5000))
    #expect(writer.droppedLines == 0)
  }
}
