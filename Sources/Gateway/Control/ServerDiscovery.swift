// What Control knows of the servers that are found while the gateway runs: files, and services in
// DNS.

import Bytes
import Configuration
import OpenSSL
import TLS
import Upstreams

/// Found servers, and what is watched for them.
struct ServerDiscovery {
  /// Why a config with found servers cannot be served.
  struct Refusal: Error {
    let text: String
    let isUnreadable: Bool
  }

  /// The newest servers of each file, by its path.
  var inFiles: [String: [ServerSettings]] = [:]
  /// The newest servers of each service, by its name.
  var ofServices: [String: [ServerSettings]] = [:]
  /// Files as they were when last read, by path; nil for one that was not there.
  private var stamps: [String: FileStamp?] = [:]
  /// By the name of the service.
  var watches: [String: ServiceWatch] = [:]
  /// Whether workers are being told of servers.
  var isPublishing = false
  /// Whether more were found meanwhile.
  var mustPublish = false
  /// Whether a config is being handed to the workers, which is not to be disturbed.
  var isHeld = false

  /// What is known of an upstream's servers beside those that the config names.
  func servers(of definition: UpstreamDefinition) -> [ServerSettings] {
    switch definition.discovery {
    case .file(let path)?: inFiles[path] ?? []
    case .service(let name)?: ofServices[name] ?? []
    case nil: []
    }
  }

  /// Fills in what a blueprint's upstreams have found.
  func fill(_ blueprint: Blueprint, with compiler: inout BlueprintCompiler) -> Blueprint {
    var filled = blueprint
    for definition in blueprint.upstreams where definition.discovery != nil {
      filled.found[definition.name] = compiler.servers(
        servers(of: definition), of: definition.name)
    }
    return filled
  }

  /// Reads a file of servers.
  mutating func read(_ path: String) throws(Refusal) -> [ServerSettings] {
    stamps[path] = Self.stamp(path)
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileBytes.read(path, max: ServersFile.bytesMax)
    } catch {
      throw Refusal(text: "\(path) cannot be read: \(error.text)", isUnreadable: true)
    }
    let file = ServersFile(bytes, path: path)
    guard !file.hasErrors else { throw Refusal(text: file.problemText, isUnreadable: false) }
    return file.servers
  }

  /// Whether a file is another one than when it was last read.
  func hasChanged(_ path: String) -> Bool { stamps[path] != .some(Self.stamp(path)) }

  /// Forgets what these upstreams do not need.
  mutating func keep(_ upstreams: [UpstreamDefinition]) {
    var paths: Set<String> = []
    var services: Set<String> = []
    for case let source? in upstreams.map(\.discovery) {
      switch source {
      case .file(let path): paths.insert(path)
      case .service(let name): services.insert(name)
      }
    }
    stamps = stamps.filter { paths.contains($0.key) }
    inFiles = inFiles.filter { paths.contains($0.key) }
    ofServices = ofServices.filter { services.contains($0.key) }
    for (name, watch) in watches where !services.contains(name) {
      watch.stop()
      watches[name] = nil
    }
  }

  mutating func stop() {
    for watch in watches.values { watch.stop() }
    watches = [:]
  }

  private static func stamp(_ path: String) -> FileStamp? {
    do throws(FileError) { return try FileStamp(path: path) } catch { return nil }
  }

  /// Servers from the places of a service. A weight of zero is RFC 2782's "hardly ever".
  static func servers(at places: [ServicePlace]) -> [ServerSettings] {
    var seen: Set<Endpoint> = []
    // In one order on all machines, whatever order an answer came in.
    let ordered = places.sorted {
      ($0.priority, $0.target, $0.port) < ($1.priority, $1.target, $1.port)
    }
    return ordered.compactMap { place in
      let endpoint = Endpoint.name(place.target, port: place.port)
      guard seen.insert(endpoint).inserted else { return nil }
      return ServerSettings(
        endpoint: endpoint, weight: Int(max(place.weight, 1)), priority: Int(place.priority))
    }
  }
}
