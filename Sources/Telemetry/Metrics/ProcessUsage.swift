// What the kernel says about this process: /proc/self, read when somebody asks. proc(5).

import Glibc

/// Numbers of the `process_*` families.
package struct ProcessUsage: Sendable, Equatable {
  package var cpuNanoseconds: UInt64
  package var residentBytes: UInt64
  package var openDescriptors: UInt64
  package var startUnixSeconds: UInt64

  package init(
    cpuNanoseconds: UInt64, residentBytes: UInt64, openDescriptors: UInt64,
    startUnixSeconds: UInt64
  ) {
    self.cpuNanoseconds = cpuNanoseconds
    self.residentBytes = residentBytes
    self.openDescriptors = openDescriptors
    self.startUnixSeconds = startUnixSeconds
  }

  /// This process, now. Nil when /proc is not there or not as it should be.
  package static func read() -> ProcessUsage? {
    guard let stat = contents(of: "/proc/self/stat"), let boot = contents(of: "/proc/stat"),
      let descriptors = entryCount(of: "/proc/self/fd")
    else { return nil }
    return ProcessUsage(
      stat: stat, bootTime: bootTime(in: boot), openDescriptors: descriptors,
      ticksPerSecond: UInt64(max(sysconf(Int32(_SC_CLK_TCK)), 1)),
      pageBytes: UInt64(max(sysconf(Int32(_SC_PAGESIZE)), 1)))
  }

  /// - Parameter stat: the line of /proc/self/stat. The program's name in it may hold blanks and
  ///   parentheses, so the fields are counted from the last parenthesis on.
  init?(
    stat: String, bootTime: UInt64?, openDescriptors: UInt64, ticksPerSecond: UInt64,
    pageBytes: UInt64
  ) {
    guard let bootTime, let nameEnd = stat.lastIndex(of: ")") else { return nil }
    // What follows the name is field 3 of the manual page.
    let fields = stat[stat.index(after: nameEnd)...].split(separator: " ")
    guard fields.count > 21, let user = UInt64(fields[11]), let system = UInt64(fields[12]),
      let start = UInt64(fields[19]), let pages = UInt64(fields[21])
    else { return nil }
    let (nanoseconds, isTooLarge) =
      (user &+ system).multipliedReportingOverflow(by: 1_000_000_000 / ticksPerSecond)
    cpuNanoseconds = isTooLarge ? .max : nanoseconds
    residentBytes = pages &* pageBytes
    startUnixSeconds = bootTime + start / ticksPerSecond
    self.openDescriptors = openDescriptors
  }

  /// When the machine started, from the `btime` line of /proc/stat.
  static func bootTime(in stat: String) -> UInt64? {
    for line in stat.split(separator: "\n") where line.hasPrefix("btime ") {
      return UInt64(line.dropFirst(6))
    }
    return nil
  }

  /// The first mebibyte of a file: these have no size to ask for. /proc/stat has a line per core
  /// before `btime`.
  private static func contents(of path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 1 << 20 {
      // The kernel fills at most as many bytes as the chunk has.
      let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
      guard count > 0 else { return count == 0 ? String(decoding: bytes, as: UTF8.self) : nil }
      bytes.append(contentsOf: chunk[0..<count])
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Entries of a directory without `.`, `..` and the descriptor that reads it.
  private static func entryCount(of path: String) -> UInt64? {
    guard let directory = unsafe opendir(path) else { return nil }
    defer { _ = unsafe closedir(directory) }
    var count: UInt64 = 0
    while unsafe readdir(directory) != nil { count += 1 }
    return count >= 3 ? count - 3 : nil
  }
}
