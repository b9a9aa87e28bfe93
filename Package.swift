// swift-tools-version: 6.2
// Sluice: an API gateway and reverse proxy. Targets stand in the order of docs/architecture.md:
// each one imports only targets above it in this file.
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableExperimentalFeature("Lifetimes"),
  .strictMemorySafety(),
]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let package = Package(
  name: "sluice",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
  ],
  targets: [
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    // Its pkg-config file has flags that packages may not pass on, and nothing that is needed.
    .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
    .systemLibrary(name: "CAres", pkgConfig: "libcares", providers: [.apt(["libc-ares-dev"])]),
    .systemLibrary(
      name: "CNGHTTP2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    // Values that stand in the memory of their owners: docs/decisions/0012.
    .target(
      name: "Bytes",
      swiftSettings: settings + [
        .enableExperimentalFeature("RawLayout"), .enableExperimentalFeature("BuiltinModule"),
      ]),

    library("HTTPMessage", ["Bytes"]),
    library("Configuration", ["Bytes"]),
    library("Telemetry", ["Bytes", "CLinux", logging]),
    library("OpenSSL", ["Bytes", "COpenSSL"]),

    library("Engine", ["Bytes", "CLinux"]),
    library("Buckets", ["Bytes"]),
    library("RESP", ["Bytes", "CHiredis"]),
    library("HTTP1", ["Bytes", "HTTPMessage"]),
    library("HTTP2", ["Bytes", "CNGHTTP2"]),
    library("TLS", ["Bytes", "OpenSSL", "COpenSSL"]),
    library("Signatures", ["Bytes", "OpenSSL"]),

    library("Transport", ["Engine", "TLS"]),
    library(
      "PolicyChain",
      ["Bytes", "HTTPMessage", "Engine", "Buckets", "Telemetry", "Configuration"]),

    library("RedisStore", ["PolicyChain", "RESP", "Buckets", "Transport"]),
    library("Policies", ["PolicyChain", "OpenSSL", "TLS", "Signatures"]),
    library("Routing", ["PolicyChain"]),
    library("Upstreams", ["PolicyChain", "HTTP1", "HTTP2", "Transport", "CAres"]),

    library(
      "Gateway",
      [
        "Policies", "Routing", "Upstreams", "RedisStore", "HTTP1", "HTTP2", "Transport",
        "Telemetry", "OpenSSL",
      ]),
    .executableTarget(
      name: "sluice",
      dependencies: [
        "Gateway", "Configuration", "Upstreams", "HTTP1", "OpenSSL", "TLS", "Transport", arguments,
      ],
      swiftSettings: settings),

    // What tests of sockets share: a loop of their own, and peers that follow a script.
    .target(
      name: "LoopBench", dependencies: ["Transport"], path: "Tests/LoopBench",
      swiftSettings: settings),
    tests("BytesTests", ["Bytes"]),
    tests("HTTPMessageTests", ["HTTPMessage"]),
    tests("ConfigurationTests", ["Configuration"], exclude: ["Corpus"]),
    tests("TelemetryTests", ["Telemetry"]),
    tests("EngineTests", ["Engine", "LoopBench"]),
    tests("BucketsTests", ["Buckets"]),
    tests("RESPTests", ["RESP"]),
    tests("HTTP1Tests", ["HTTP1"]),
    tests("HTTP2Tests", ["HTTP2"]),
    tests("OpenSSLTests", ["OpenSSL"]),
    tests("SignaturesTests", ["Signatures", "COpenSSL"]),
    tests("TLSTests", ["TLS", "COpenSSL"]),
    tests("TransportTests", ["Transport", "LoopBench"]),
    tests("PolicyTests", ["Policies", "HTTP1", "LoopBench"]),
    tests("RoutingTests", ["Routing"]),
    tests("UpstreamsTests", ["Upstreams", "LoopBench"]),
    tests("GatewayTests", ["Gateway", "LoopBench"]),
    tests("CommandTests", ["sluice"]),
    tests("TidyTests"),
  ]
)

// `make fuzz` sets this: then all targets are instrumented for libFuzzer, and the fuzzers are
// built.
if Context.environment["SLUICE_FUZZ"] != nil {
  let flags = ["-sanitize=fuzzer,address"]
  for target in package.targets where target.type == .regular {
    target.swiftSettings?.append(.unsafeFlags(flags))
  }
  package.targets.append(
    .executableTarget(
      name: "Fuzzers",
      dependencies: [
        "Bytes", "HTTPMessage", "HTTP1", "HTTP2", "PolicyChain", "Configuration", "RESP",
        "Signatures",
      ],
      path: "Fuzzing",
      exclude: ["corpora", "dictionaries"],
      swiftSettings: settings + [.unsafeFlags(flags + ["-parse-as-library"])],
      linkerSettings: [.unsafeFlags(flags + ["-use-ld=lld"])]))
}

// `make gate` sets this: then the scenarios whose instructions and allocations it counts are built.
if Context.environment["SLUICE_GATE"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Gate", dependencies: ["Bytes", "HTTPMessage", "HTTP1"], path: "Benchmarks/Gate",
      swiftSettings: settings))
}
