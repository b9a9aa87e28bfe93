// What the admin listener answers.

import Configuration
import Engine
import Telemetry

extension Control {
  /// Opens the admin listener, when the config has one.
  func openAdmin(_ configuration: EffectiveConfiguration) throws(StartFailure) {
    guard let settings = configuration.admin else { return }
    let addresses = settings.binds.flatMap { BlueprintCompiler.addresses($0) }
    var descriptors: [Int32] = []
    var places: [String] = []
    do {
      for address in addresses {
        let descriptor = try ListeningDescriptor.open(address)
        descriptors.append(descriptor)
        places.append(try ListeningDescriptor.address(of: descriptor).description)
      }
      let server = try AdminServer(
        on: loop, descriptors: descriptors, addressText: places.joined(separator: ", "),
        start: TaskStarter(for: self)
      ) { [unowned self] request in await self.answer(request) }
      admin = server
      start { await server.run() }
    } catch {
      for descriptor in descriptors { Descriptor.close(descriptor) }
      throw StartFailure(
        .system,
        "the admin listener cannot listen on "
          + "\(addresses.map(\.description).joined(separator: ", ")): \(error)")
    }
  }

  private func answer(_ request: AdminRequest) async -> AdminAnswer {
    guard request.method == .get || request.method == .head else {
      return .text(405, "This listener is read with GET.\n")
    }
    switch request.path {
    case "/livez": return .text(200, "live\n")
    case "/readyz": return isReady ? .text(200, "ready\n") : .text(503, "not ready\n")
    case "/metrics":
      let format = ExpositionFormat(accept: request.accept)
      let page = await scrape().render(format)
      return AdminAnswer(
        status: 200, contentType: format.contentType.description, body: page.bytes.array)
    case "/upstreams":
      return AdminAnswer(
        status: 200, contentType: "application/json", body: Array(upstreamsPage().utf8))
    default: return .text(404, "Known here: /livez /readyz /metrics /upstreams\n")
    }
  }
}
