// `health`: how the servers of an upstream are asked whether they are well.

/// What a server is taken for until it has been asked.
package enum HealthStart: String, Sendable, CaseIterable {
  case healthy, unhealthy
}

package struct HealthSettings: Sendable {
  package var path: String?
  package var grpc: String?
  package var every = TimeSpan.seconds(5)
  package var timeout = TimeSpan.seconds(1)
  package var rise = 2
  package var fall = 3
  package var expect = [StatusRange(200...299)]
  package var start = HealthStart.unhealthy
}

extension CoreDirectives {
  static let health = Manual<HealthSettings>(
    directive: "health",
    summary: "Asks every server again and again whether it is well, over the same TLS as requests. "
      + "When none is, all are used: a check may be wrong.",
    scopes: [.upstream], inheritance: .none,
    defaults: HealthSettings(),
    properties: [
      .value(
        "path", \.path, .healthPath,
        "What is asked for with GET; without it a connection is enough."),
      .value(
        "grpc", \.grpc, .grpcService,
        "The service that is asked for by gRPC's health protocol, \"\" for the server as a whole; "
          + "needs 'protocol h2' or 'h2c'."),
      .duration(
        "every", \.every, in: .milliseconds(100) ... .hours(1),
        "Between two checks of a server, give or take a tenth."),
      .duration(
        "timeout", \.timeout, in: .milliseconds(10) ... .minutes(1),
        "How long a check may take, from the connection to the answer's head."),
      .integer("rise", \.rise, in: 1...100, "Good checks in a row that make a server healthy."),
      .integer("fall", \.fall, in: 1...100, "Bad checks in a row that make it unhealthy."),
      .anyOf("expect", \.expect, of: .statusRange, "Statuses of a good check."),
      .enumeration(
        "start", \.start,
        "What a new server is taken for; its first check decides at once."),
    ],
    examples: [
      Example("by a path", config: "health path=/healthz every=5s timeout=1s rise=2 fall=3"),
      Example("a gRPC service", config: "health grpc=orders.Orders every=2s"),
      Example("by a connection", config: "health every=1s"),
    ],
    check: { settings in
      var problems: [SettingsProblem] = []
      if settings.timeout > settings.every {
        problems.append(
          SettingsProblem("timeout", "a check may not take longer than 'every='"))
      }
      if settings.path != nil, settings.grpc != nil {
        problems.append(SettingsProblem("grpc", "'path=' and 'grpc=' rule each other out"))
      }
      return problems
    })
}

extension ValueType where Wrapped == String {
  /// The name of a gRPC service with its package; empty for all of a server.
  static var grpcService: ValueType {
    ValueType(
      "the name of a gRPC service such as orders.Orders", calls: [], canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard text.utf8.count <= 120,
          text.utf8.allSatisfy({
            48...57 ~= $0 || 65...90 ~= $0 || 97...122 ~= $0 || $0 == 46 || $0 == 95
          })
        else { throw ValueProblem() }
        return text
      })
  }

  /// The path of a check, as it stands in a request line.
  static var healthPath: ValueType {
    ValueType(
      "a path such as /healthz", canonical: { .string($0) },
      parse: { (text) throws(ValueProblem) in
        guard text.hasPrefix("/"), text.utf8.count <= 1024,
          text.utf8.allSatisfy({ 33...126 ~= $0 && $0 != UInt8(ascii: "#") })
        else { throw ValueProblem() }
        return text
      })
  }
}
