// Whatever the bytes on an HTTP/2 connection, of a client or of a server: nothing traps, nothing
// that waits grows beyond its bound, and a session that has failed stays failed.
import Bytes
import HTTP2

enum HTTP2Property {
  /// Bytes after which more may not wait here, whatever came: see `waitingBytes`.
  private static let waitingBytesMax = 2 * 1024 * 1024

  static func check(_ bytes: [UInt8]) {
    // The first byte says whose bytes these are, and how they are cut.
    guard let first = bytes.first else { return }
    let role: HTTP2Session.Role = first & 1 == 0 ? .server : .client
    let pieceMax = 1 + Int(first >> 1)
    do throws(HTTP2Error) {
      try Peer(role).read(bytes.dropFirst(), pieceMax: pieceMax)
    } catch { return }
  }

  /// One session, whose streams are answered as they come.
  private final class Peer {
    private let bodies = BufferPool(capacity: 64 * 1024, idleMax: 2)
    private let session: HTTP2Session
    private let role: HTTP2Session.Role
    private let output = Buffer(capacity: 96 * 1024)
    private let text = Buffer(capacity: 64 * 1024)
    private let fields = OutgoingFields()
    private var streams: [HTTP2Stream] = []

    init(_ role: HTTP2Session.Role) throws(HTTP2Error) {
      self.role = role
      session = try HTTP2Session(
        role, settings: HTTP2Settings(), limits: FloodLimits(), bodies: bodies,
        expectsPreface: false)
      guard role == .client else { return }
      request()
      request()
    }

    func read(_ bytes: ArraySlice<UInt8>, pieceMax: Int) throws(HTTP2Error) {
      var rest = bytes
      while !rest.isEmpty {
        let piece = Buffer(capacity: pieceMax)
        _ = piece.append(Array(rest.prefix(pieceMax)).span)
        rest = rest.dropFirst(pieceMax)
        var stuck = 0
        while !piece.isEmpty {
          let count = try session.receive(piece.bytes)
          piece.consume(count)
          stuck = count == 0 ? stuck + 1 : 0
          precondition(stuck < 64, "A session reads on.")
          answer()
        }
        output.clear()
        _ = try session.write(into: output)
        session.tellObservers()
        precondition(waitingBytes <= waitingBytesMax, "What waits is bounded.")
      }
    }

    /// Offered to some of the clients.
    private var handshakeKey: (() -> [UInt8])? {
      streams.count % 2 == 0 ? { Array("dGhlIHNhbXBsZSBub25jZQ==".utf8) } : nil
    }

    private var waitingBytes: Int {
      streams.reduce(0) { $0 + ($1.inbound?.count ?? 0) }
    }

    private func answer() {
      let text = text
      while let stream = session.takeOpened() {
        streams.append(stream)
        if let head = stream.takeHead() {
          text.clear()
          do throws(HTTP2FieldError) {
            _ = try RequestForm.write(head, into: text, handshakeKey: handshakeKey)
            Self.checkLines(text.bytes)
            respond(stream)
          } catch { session.reset(stream, .protocolError) }
          session.recycle(head)
        }
      }
      for stream in streams {
        while let head = stream.takeHead() { session.recycle(head) }
        if stream.isInboundComplete, let inbound = stream.inbound {
          inbound.consume(inbound.count)
          session.credit(stream)
        }
        if let trailers = stream.trailers {
          text.clear()
          do throws(HTTP2FieldError) {
            try FieldForm.writeTrailers(trailers, into: text)
            Self.checkLines(text.bytes)
          } catch { session.reset(stream, .protocolError) }
        }
        if stream.isClosed { session.release(stream) }
      }
      streams.removeAll { $0.isClosed }
      precondition(streams.count <= 101, "No more streams are open than was said.")
    }

    /// A value that became a line of its own would be another field to the parser behind.
    private static func checkLines(_ bytes: Span<UInt8>) {
      var index = 0
      while true {
        index = bytes.firstControl(from: index)
        guard index < bytes.count else { return }
        precondition(
          bytes[index] == ASCII.carriageReturn && bytes[index + 1] == ASCII.lineFeed,
          "A control character stands in a head.")
        index += 2
      }
    }

    private func respond(_ stream: HTTP2Stream) {
      fields.clear()
      fields.append(":status", number: 200, .indexed)
      session.respond(stream, fields, isLast: false)
      let body = Buffer(capacity: 8)
      _ = body.append("12345678")
      session.send(stream, body, count: 8, isLast: true)
    }

    private func request() {
      fields.clear()
      for (name, value) in [
        (":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "/"),
      ] as [(StaticString, StaticString)] {
        fields.append(name: name.bytes, value: value.bytes, .indexed)
      }
      if let stream = session.request(fields, isLast: true) { streams.append(stream) }
    }
  }
}
