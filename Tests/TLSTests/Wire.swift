// A client and a server session with the bytes between them carried by hand, whole or cut into
// pieces.

import Bytes
import OpenSSL
import TLS

/// Two ends of a connection in memory.
final class Wire {
  /// One side: its session, its worker's scratch, and the ciphertext on its way to it.
  final class End {
    let session: TLSSession
    let scratch: TLSScratch
    var inbox: [UInt8] = []
    var error: TLSError?
    var isOpen = false
    var sendCount = 0

    init(session: TLSSession, scratch: TLSScratch) {
      self.session = session
      self.scratch = scratch
    }
  }

  let client: End
  let server: End
  /// Bytes of one delivery.
  let pieceBytes: Int

  init(
    client clientContext: TLSClientContext, server serverContext: TLSServerContext,
    pieceBytes: Int = 16 * 1024, serverScratch: TLSScratch = .test(),
    clientScratch: TLSScratch = .test()
  ) throws {
    client = End(
      session: try TLSSession(connecting: clientContext, scratch: clientScratch),
      scratch: clientScratch)
    server = End(
      session: try TLSSession(accepting: serverContext, scratch: serverScratch),
      scratch: serverScratch)
    self.pieceBytes = pieceBytes
  }

  /// Carries what a side has produced to the other one.
  func carry(from: End, to: End) {
    let outgoing = from.scratch.outgoing
    guard !outgoing.isEmpty else { return }
    let bytes = outgoing.bytes
    to.inbox += bytes.array
    outgoing.consume(outgoing.count)
    from.sendCount += 1
  }

  func other(_ end: End) -> End { end === client ? server : client }

  /// Puts the next piece into a side's scratch. False when there is none.
  func deliver(to end: End) -> Bool {
    guard !end.inbox.isEmpty else { return false }
    let piece = Array(end.inbox.prefix(pieceBytes))
    end.inbox.removeFirst(piece.count)
    let isWhole = end.scratch.received.append(piece.span)
    return isWhole
  }

  private func step(_ end: End) -> Bool {
    guard end.error == nil, !end.isOpen else { return false }
    var hasMoved = false
    repeat {
      do {
        let step = try end.session.handshake()
        if step == .done {
          end.isOpen = true
          end.session.restoreUnsent()
        }
      } catch {
        end.error = error
      }
      hasMoved = hasMoved || !end.scratch.outgoing.isEmpty
      carry(from: end, to: other(end))
      if end.isOpen || end.error != nil { return true }
      guard deliver(to: end) else { return hasMoved }
      hasMoved = true
    } while true
  }

  /// Runs the handshake until neither side moves any more.
  func shake() {
    var isMoving = true
    while isMoving {
      let didClient = step(client)
      let didServer = step(server)
      isMoving = didClient || didServer
    }
  }

  /// Encrypts text on one side and carries it over.
  func send(_ bytes: [UInt8], from end: End) throws {
    var offset = 0
    while offset < bytes.count {
      offset += try end.session.write(bytes.span.extracting(offset..<bytes.count))
      carry(from: end, to: other(end))
    }
  }

  /// Everything that a side can read now, through a buffer of `roomBytes`.
  func receive(_ end: End, roomBytes: Int = 32 * 1024) throws -> [UInt8] {
    var all: [UInt8] = []
    let plain = Buffer(capacity: roomBytes)
    while true {
      let result = try end.session.read(into: plain)
      all += plain.bytes.array
      plain.clear()
      switch result {
      case .bytes: continue
      case .closed: return all
      case .wantsRead: guard deliver(to: end) else { return all }
      }
    }
  }
}

extension TLSScratch {
  static func test() -> TLSScratch {
    TLSScratch(receivedBytes: 32 * 1024, outgoingBytes: 68 * 1024)
  }
}
