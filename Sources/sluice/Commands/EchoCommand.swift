// `sluice echo`: a small upstream for demos and tests.

import ArgumentParser
import Bytes
import Engine

struct EchoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo",
    abstract: "Runs a small upstream for demos and tests.",
    discussion: """
      It answers each request with JSON that tells what it received: method, target, version, \
      headers in their order, and the body's length and SHA-256. One line on standard error tells \
      where it listens. TERM and INT end it once what is in flight is answered.

      Paths:
        /status/NNN       that status
        /delay/MS         the same answer after MS milliseconds
        /bytes/N          N bytes
        /chunked/N        N chunks
        /sse              server-sent events; ?count=10 and ?every=250 milliseconds
        any, ?echo=body   the request's body

      Examples:
        sluice echo --port 9000
        sluice echo --unix /tmp/echo.sock

      Exit codes: 0 stopped as asked, 64 usage, 71 the system refused (a port in use).
      """)

  @Option(help: "The TCP port; 0 lets the system choose one.")
  var port: UInt16 = 9000

  @Option(help: ArgumentHelp("The IP address.", valueName: "ip"))
  var address = "127.0.0.1"

  @Option(
    help: ArgumentHelp("A unix socket in place of a port.", valueName: "path"),
    completion: .file())
  var unix: String?

  private func socketAddress() throws -> SocketAddress {
    if let unix {
      guard let found = SocketAddress(unix: unix) else {
        throw ValidationError("a unix socket's path has 1 to 107 bytes")
      }
      return found
    }
    guard let found = IPAddress(address) else {
      throw ValidationError("'\(address)' is no IP address")
    }
    return .ip(found, port: port)
  }

  func validate() throws { _ = try socketAddress() }

  func run() throws {
    // Before anything may start a thread.
    Signal.prepareProcess()
    let address = try socketAddress()
    let descriptor: Int32
    let bound: SocketAddress
    do throws(SystemError) {
      descriptor = try ListeningDescriptor.openAlone(address)
      // The kernel tells which port it chose; a path it was told.
      bound = address.isUnix ? address : try ListeningDescriptor.address(of: descriptor)
    } catch {
      throw CommandFailure(.system, "\(address) cannot be opened: \(error)")
    }
    defer { Descriptor.close(descriptor, listeningOn: bound) }
    if let failure = try serve(descriptor, at: bound) { throw failure }
  }

  /// Serves until it is told to end. Returns why it could not start.
  private func serve(_ descriptor: Int32, at bound: SocketAddress) throws -> CommandFailure? {
    let loop: EventLoop
    do throws(SystemError) {
      loop = try EventLoop()
    } catch { throw CommandFailure(.system, "the upstream cannot be started: \(error)") }
    let host = LoopHost(on: loop)
    let start = Start()
    loop.post {
      host.assumeIsolated { host in
        do {
          try EchoServer(on: host, listeningOn: descriptor, obeysSignals: true).begin()
          Console.complain("sluice echo: listening on \(bound)\n")
        } catch {
          start.fail("the upstream cannot be started: \(error)")
          host.loop.stop()
        }
      }
    }
    loop.run()
    return start.failure
  }

  /// Carries a failure from the loop to the command.
  private final class Start: Sendable {
    private let state = Locked<CommandFailure?>(nil)

    var failure: CommandFailure? { state.withLock { $0 } }

    func fail(_ text: String) { state.withLock { $0 = CommandFailure(.system, text) } }
  }
}
