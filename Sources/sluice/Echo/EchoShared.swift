// What all connections of the echo upstream share, on its one loop.

import Bytes
import Engine
import OpenSSL
import Transport

final class EchoShared {
  let loop: EventLoop
  let budget = EchoBudget()
  let pending = BufferPool(capacity: Transport.sendBytesMax, idleMax: 16)
  let digests: SHA256
  /// Whether TERM or INT came: answers say that the connection ends.
  var isDraining = false

  init(on loop: EventLoop, library: LibraryContext) throws(CryptoError) {
    self.loop = loop
    digests = try SHA256(library: library)
  }
}
