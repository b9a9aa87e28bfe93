// What an exchange knows about the connection that it came on: the same for every request of a
// connection.

import Bytes
import Engine
import HTTPMessage
import Telemetry

/// A downstream connection as policies, log and metrics see it.
public final class DownstreamConnection {
  public let listener: ListenerID
  public let peer: SocketAddress
  /// The peer's address; nil on a unix socket.
  public var peerAddress: IPAddress? { if case .ip(let address, _) = peer { address } else { nil } }
  /// The peer's address as the log writes it; empty on a unix socket.
  public let peerText: [UInt8]
  public var security: ConnectionSecurity? {
    get { ownSecurity }
    set { ownSecurity = newValue }
  }
  // Stored apart, as in `Exchange`: private storage needs no run-time access check.
  private var ownSecurity: ConnectionSecurity?

  /// What upstreams are told of the client, as the last requests of this connection had it. It is
  /// let go while the connection rests.
  public let forwarding = Lent(ForwardingMemo())

  /// Nil when the client showed none.
  public var certificate: ClientCertificate?

  public init(listener: ListenerID, peer: SocketAddress) {
    self.listener = listener
    self.peer = peer
    if case .ip(let address, _) = peer {
      var text = Output(capacity: 48)
      text.append(address)
      peerText = text.bytes.array
    } else {
      peerText = []
    }
  }
}

/// Lines about the client that stay the same as long as its requests name the same host.
public struct ForwardingMemo {
  /// The authority that the last request named.
  private var authority: [UInt8] = []
  private var isSecure = false
  /// The lines that it was forwarded with; nil as long as it was asked for once only.
  public var lines: AddedLines?

  public init() {}

  /// Whether the last request named the same authority.
  public func fits(_ request: Request) -> Bool {
    isSecure == request.isSecure && authority.span.equals(request.text(request.authority))
  }

  /// Starts over with the authority that `request` names.
  public mutating func note(_ request: Request) {
    isSecure = request.isSecure
    authority.removeAll(keepingCapacity: true)
    let named = request.text(request.authority)
    for index in named.indices { authority.append(named[index]) }
    lines = nil
  }
}

/// The client's side of an exchange, as those see it who work for the client.
public protocol DownstreamPeer: AnyObject {
  /// Whether the client has left: nobody waits for the answer any more.
  var isGone: Bool { get }
  /// Passes an interim response (1xx, never 101) on to the client, where its protocol knows them.
  func sendInterim(_ head: ResponseHead)
}

/// A listener, by an id that its name keeps over reloads.
public struct ListenerID: Hashable, Sendable {
  public let index: Int
  public init(index: Int) { self.index = index }
  /// Its id in the metrics.
  public var metric: UInt16 { UInt16(truncatingIfNeeded: index) }
}

/// What a TLS handshake agreed on. Connections that agreed on the same share one.
public final class ConnectionSecurity: Sendable {
  /// Such as `TLSv1.3`.
  public let version: StaticString
  public let cipher: StaticString
  /// As the log writes it; empty when the client sent none.
  public let serverName: [UInt8]
  /// What ALPN chose; empty when it was not spoken.
  public let protocolName: [UInt8]
  public let isResumed: Bool
  /// All of it as the log writes it.
  public let logMember: [UInt8]

  public init(
    version: StaticString, cipher: StaticString, serverName: String?, protocolName: String?,
    isResumed: Bool
  ) {
    self.version = version
    self.cipher = cipher
    let serverName = Array((serverName ?? "").utf8)
    let protocolName = Array((protocolName ?? "").utf8)
    self.serverName = serverName
    self.protocolName = protocolName
    self.isResumed = isResumed
    logMember = AccessMembers.tls(
      version: version.bytes, cipher: cipher.bytes, serverName: serverName.span,
      protocolName: protocolName.span, isResumed: isResumed)
  }
}
