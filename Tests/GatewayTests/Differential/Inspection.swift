// The chain as the gateway builds it, with an end that notes what the policies saw and encodes what
// an origin would receive.

import Buckets
import Bytes
import Configuration
import Engine
import HTTP1
import HTTPMessage
import LoopBench
import Policies
import PolicyChain
import Routing
import Testing

@testable import Gateway

/// Notes the request at the innermost place of a chain, and writes it for an upstream.
final class Inspection: Destination {
  private(set) var seen: StrictRequest?
  private(set) var authority = ""
  private(set) var encoded: [UInt8] = []
  private(set) var encodings = 0

  func reset() {
    seen = nil
    authority = ""
    encoded = []
    encodings = 0
  }

  func respond(to exchange: Exchange) async throws(Failure) {
    let request = exchange.request
    var seen = StrictRequest.empty
    seen.method = Self.text(request.methodText, of: request)
    seen.path = Self.text(request.path, of: request)
    seen.query = request.query.map { Self.text($0, of: request) }
    let fields = request.fields
    for index in fields.entries.indices where !fields.entries[index].isRemoved {
      let name = fields.name(at: index)
      let value = fields.value(at: index)
      seen.fields.append(
        (StrictRequest.text(name.array).lowercased(), StrictRequest.text(value.array)))
    }
    self.seen = seen
    authority = Self.text(request.authority, of: request)
    var output = Output(capacity: 4096)
    encodings += 1
    do throws(HTTP1Error) {
      if request.authority.isEmpty {
        try RequestEncoder.encode(
          request, authority: "origin:80".utf8Span.span, blocks: [], into: &output)
      } else {
        try RequestEncoder.encode(
          request, authority: request.text(request.authority), blocks: [], into: &output)
      }
    } catch { throw Failure(.internalError, origin: .gateway, retry: .never) }
    let bytes = output.bytes
    encoded = bytes.array
    exchange.answer(status: 204, contentType: nil, body: [])
  }

  private static func text(_ range: TextRange, of request: Request) -> String {
    let bytes = request.text(range)
    return StrictRequest.text(bytes.array)
  }
}

extension StrictRequest {
  static let empty = StrictRequest()
  private init() {}
}

/// Parser, routes and policies of one listener.
final class InspectedListener {
  static let config = """
    sluice 1
    listener main {
      bind 127.0.0.1:8080
    }
    upstream app {
      server 127.0.0.1:9000
    }
    defaults {
      request-id header=x-request-id trust=off
      body max=1KiB
    }
    route admin {
      match path=/admin/**
      auth none
      to app
    }
    route api {
      match path=/api/**
      auth none
      to app
    }
    route moved {
      match path=/moved/**
      auth none
      rewrite path="/landed/{path.rest}"
      to app
    }
    route tenant {
      match path=/tenants/{name}/**
      auth none
      rewrite path="/t/{header.x-tenant}/{path.name}"
      to app
    }
    route rest {
      match path=/**
      auth none
      to app
    }

    """

  let inspection = Inspection()
  let labels: [String]
  private let table: RouteTable
  private let chains: [PolicyChain]

  init() throws {
    let result = ConfigurationLoader(
      files: MemoryFiles(["routes.conf": Self.config]), schema: Language.schema
    ).load("routes.conf")
    guard let configuration = result.configuration else {
      throw WrongConfig(result.diagnostics.map(\.message))
    }
    var compiler = BlueprintCompiler(policies: StandardPolicies.all, folder: "")
    let blueprint = compiler.compile(
      configuration, security: SecurityMaterial(),
      credentials: CredentialMaterial(), hash: "test")
    let listener = blueprint.listeners[0]
    table = try RouteTable(
      routes: listener.routes.map(\.matches), scopes: [],
      listener: RouteListener(name: "main", servesNamedOnly: false), seed: 1)
    labels = listener.routes.map { StrictRequest.text($0.label.name) }
    let inspection = inspection
    chains = listener.routes.map { route in
      let context = ChainContext(
        isSecure: false, keepsAmbiguousNames: false, verifiers: [:],
        parameterNames: route.parameterNames, buckets: [:],
        bulkheads: BulkheadRegistry(seed: .random()), stores: [:])
      var steps = StandardPolicies.unconditional(nil, blueprint.clientAddress).map {
        PolicyChain.Step.admission($0)
      }
      for policy in route.policies {
        let parts = policy.parts(in: context)
        if let admission = parts.admission { steps.append(.admission(admission)) }
        if let wrapping = parts.wrapping { steps.append(.wrapping(wrapping)) }
      }
      return PolicyChain(steps: steps, egress: [], destination: inspection)
    }
  }

  /// Runs a head as far as it comes. Returns the name of the route that took it; nil when the
  /// request was refused before or after.
  func run(_ head: Buffer, _ rules: RequestRules, _ exchange: Exchange) async -> String? {
    inspection.reset()
    exchange.reset()
    var parser = RequestParser(limits: .request, rules: rules)
    do throws(HTTP1Error) {
      guard try parser.parse(head, into: exchange.request) == .done else { return nil }
    } catch { return nil }
    exchange.connection = Self.connection
    exchange.clientAddress = Self.connection.peerAddress
    guard case .route(let index, let parameters) = table.lookup(exchange.request, by: .own)
    else { return nil }
    exchange.parameters = parameters
    do throws(Failure) {
      try await chains[index].run(exchange)
      return labels[index]
    } catch { return nil }
  }

  private static var connection: DownstreamConnection {
    DownstreamConnection(
      listener: ListenerID(index: 0), peer: .ip(.init(v4: 0xc000_0207), port: 1))
  }
}
