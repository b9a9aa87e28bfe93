// The bytes of a private key on their way from a file to each worker's own context.

import COpenSSL

/// Secret bytes that cannot be printed and are wiped when the last owner lets go.
@safe package final class KeyBytes: Sendable, CustomStringConvertible, CustomReflectable {
  // The memory is written in `init` only, and freed when nobody can read it any more.
  nonisolated(unsafe) private let memory: UnsafeMutableRawBufferPointer

  package init(_ bytes: Span<UInt8>) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    unsafe bytes.withUnsafeBytes { unsafe copy.copyMemory(from: $0) }
    unsafe memory = copy
  }

  deinit {
    unsafe OPENSSL_cleanse(memory.baseAddress, memory.count)
    unsafe memory.deallocate()
  }

  package var count: Int { unsafe memory.count }
  package var description: String { "<key>" }
  package var customMirror: Mirror { Mirror(self, children: []) }

  /// The bytes, for OpenSSL. Valid during `body` only.
  package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    unsafe body(UnsafeRawBufferPointer(memory))
  }
}
