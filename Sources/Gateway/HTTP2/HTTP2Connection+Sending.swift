// What an HTTP/2 connection sends: frames of all its streams gather in one buffer, which leaves
// when the jobs of the turn have run, or when it is full.

import Bytes
import Engine
import HTTP2
import PolicyChain
import Transport

extension HTTP2Connection {
  /// Whether frames of streams are still of use.
  private var isSending: Bool {
    switch phase {
    case .lingering, .closed: false
    case .serving, .announced, .finishing: true
    }
  }

  /// Starts the answer of a stream. `produce` follows.
  func respond(_ stream: HTTP2Stream, _ fields: OutgoingFields, isLast: Bool) {
    if output == nil, isSending { output = context.resources.pending.borrow() }
    session.respond(stream, fields, isLast: isLast, into: output)
  }

  /// Frames what the streams have, as far as the socket's backlog allows. What is framed leaves
  /// with the turn.
  func produce() {
    guard isSending else { return }
    do throws(HTTP2Error) {
      var isMore = session.wantsWrite
      while isMore {
        let output = self.output ?? context.resources.pending.borrow()
        self.output = output
        isMore = try session.write(into: output)
        guard isMore else { break }
        // The buffer is full: it leaves now, if it can.
        guard sendOutput() else { break }
      }
      if let output, output.isEmpty { giveBackOutput() }
    } catch { return fail(error) }
    session.tellObservers()
    if output != nil { wake() }
  }

  /// Frames and sends everything that can leave now.
  func flush() {
    guard !isClosed else { return }
    do throws(TransportError) {
      if blockedSince != nil {
        guard try transport.flush() else { return }
        blockedSince = nil
        if case .lingering = phase { transport.endSending() }
      }
    } catch { return close(isAborting: true) }
    produce()
    while output != nil, sendOutput() { produce() }
    endIfDone()
  }

  /// Sends what was framed. Returns whether the socket took it.
  @discardableResult
  func sendOutput() -> Bool {
    guard let output, !isClosed else { return false }
    guard blockedSince == nil else { return false }
    do throws(TransportError) {
      // A TLS session's ticket leaves with the first send; later nothing is unsent here.
      if hasSent, transport.hasUnsent { guard try transport.flush() else { return blocked() } }
      hasSent = true
      try transport.send(output.bytes)
      output.clear()
      giveBackOutput()
      return transport.hasUnsent ? blocked() : true
    } catch {
      close(isAborting: true)
      return false
    }
  }

  private func blocked() -> Bool {
    blockedSince = context.loop.now
    context.loop.arm(self)
    return false
  }

  func giveBackOutput() {
    guard let output else { return }
    context.resources.pending.giveBack(output)
    self.output = nil
  }
}
