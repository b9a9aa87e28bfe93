// The listening descriptors of the process. They belong to Control and outlive generations: a
// reload that keeps a listener keeps its sockets and what waits in their queues.

import Engine
import Glibc
import PolicyChain

/// Opens, shares out and closes listening descriptors.
struct ListenerSockets {
  struct Key: Hashable {
    let listener: ListenerID
    let address: SocketAddress
  }

  /// Why a listener could not be opened, in a sentence for the operator.
  struct Refusal: Error {
    let listener: String
    let address: SocketAddress
    let error: SystemError

    var text: String {
      let hint =
        switch error.code {
        case EADDRINUSE: "the address is in use"
        case EACCES: "this needs the right to bind a port below 1024"
        default: error.message
        }
      return "listener \(listener) cannot listen on \(address): \(hint)"
    }
  }

  private(set) var open: [Key: [Int32]] = [:]

  /// Opens what `listeners` need and is not open yet, one descriptor per worker. On failure nothing
  /// stays open that was not before.
  mutating func prepare(
    _ listeners: [ListenerBlueprint], workers: Int
  ) throws(Refusal) -> [Key: [Int32]] {
    var fresh: [Key: [Int32]] = [:]
    do throws(Refusal) {
      for listener in listeners {
        for address in listener.addresses {
          let key = Key(listener: listener.id, address: address)
          if open[key] != nil || fresh[key] != nil { continue }
          fresh[key] = try Self.descriptors(for: address, of: listener.name, workers: workers)
        }
      }
    } catch {
      for descriptors in fresh.values { Self.close(descriptors) }
      throw error
    }
    return fresh
  }

  /// Makes what `prepare` opened part of the set.
  mutating func commit(_ fresh: [Key: [Int32]]) { open.merge(fresh) { $1 } }

  /// Closes descriptors whose listener or address is not in `listeners`. Workers have stopped
  /// watching them before.
  mutating func closeAll(except listeners: [ListenerBlueprint]) {
    let wanted = Set(
      listeners.flatMap { listener in
        listener.addresses.map { Key(listener: listener.id, address: $0) }
      })
    for (key, descriptors) in open where !wanted.contains(key) {
      for descriptor in descriptors { Descriptor.close(descriptor, listeningOn: key.address) }
      open[key] = nil
    }
  }

  private static func descriptors(
    for address: SocketAddress, of listener: String, workers: Int
  ) throws(Refusal) -> [Int32] {
    var opened: [Int32] = []
    do throws(SystemError) {
      // Sharing a port is for our own workers: another process of this user on it is a mistake.
      if !address.isUnix { Descriptor.close(try ListeningDescriptor.openAlone(address)) }
      opened.append(try ListeningDescriptor.open(address))
      // The kernel chooses a port for port 0 once; a unix socket is one queue for all workers.
      let bound = try ListeningDescriptor.address(of: opened[0])
      while opened.count < workers, !address.isUnix {
        opened.append(try ListeningDescriptor.open(bound))
      }
      return opened
    } catch {
      close(opened)
      throw Refusal(listener: listener, address: address, error: error)
    }
  }

  /// Closes what `prepare` opened and nobody uses.
  static func discard(_ fresh: [Key: [Int32]]) {
    for descriptors in fresh.values { close(descriptors) }
  }

  private static func close(_ descriptors: [Int32]) {
    for descriptor in descriptors { Descriptor.close(descriptor) }
  }
}
