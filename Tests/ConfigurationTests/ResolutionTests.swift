// The step after the pure check: `env`, `file` and `secret` are read, and what is missing is
// reported.

import Testing

@testable import Configuration

private struct TestEnvironment: ResolutionSource {
  var variables: [String: String] = [:]
  var files: [String: String] = [:]

  func variable(_ name: String) -> String? { variables[name] }
  func contents(ofFile path: String) -> [UInt8]? { files[path].map { Array($0.utf8) } }
}

@Suite struct ResolutionTests {
  private static func load(_ line: String, _ environment: TestEnvironment?) -> LoadResult {
    let text = """
      sluice 1
      listener edge {
        bind :80
        \(line)
      }

      """
    return ConfigurationLoader(
      files: MemoryFiles(["c.conf": text]), schema: TestPolicies.schema
    ).load("c.conf", resolving: environment)
  }

  private static func total(_ result: LoadResult) -> TimeSpan? {
    result.configuration?.listeners.first?.settings.settings(of: TestPolicies.timeout)?.total
  }

  @Test func `a check without a resolution does not ask for a variable`() {
    #expect(Self.total(Self.load("timeout total=env(\"T\")", nil)) == .seconds(15))
  }

  @Test func `a variable stands for the value of its type`() {
    let environment = TestEnvironment(variables: ["T": "9s"])
    #expect(Self.total(Self.load("timeout total=env(\"T\", \"3s\")", environment)) == .seconds(9))
  }

  @Test func `the default stands for a variable that is missing`() {
    let result = Self.load("timeout total=env(\"T\", \"3s\")", TestEnvironment())
    #expect(Self.total(result) == .seconds(3))
  }

  @Test func `a variable that is missing without a default is reported`() {
    let result = Self.load("timeout total=env(\"T\")", TestEnvironment())
    #expect(result.diagnostics.map(\.code) == [.unresolved])
  }

  @Test func `a variable of the wrong type is reported`() {
    let environment = TestEnvironment(variables: ["T": "soon"])
    let result = Self.load("timeout total=env(\"T\")", environment)
    #expect(result.diagnostics.map(\.code) == [.wrongType])
  }

  @Test(arguments: [
    ("file:s", "from file\n", "from file"), ("env:S", "", "from env"), ("cred:s", "", "from cred"),
  ])
  func `a secret is read from where it is kept`(source: String, file: String, expected: String) {
    let environment = TestEnvironment(
      variables: ["S": "from env", "CREDENTIALS_DIRECTORY": "/run/creds"],
      files: ["s": file, "/run/creds/s": "from cred\n"])
    let result = Self.load("token value=secret(\"\(source)\")", environment)
    let settings = result.configuration?.listeners.first?.settings
    let secret = settings?.settings(of: TestPolicies.token)?.token
    #expect(secret?.reveal { String(copying: $0) } == expected)
  }

  @Test func `a secret that cannot be read is reported by its place`() {
    let result = Self.load("token value=secret(\"file:gone\")", TestEnvironment())
    #expect(result.diagnostics.map(\.code) == [.unresolved])
  }

  @Test func `no output shows what a secret says`() {
    let environment = TestEnvironment(files: ["s": "canary-9f3"])
    let result = Self.load("token value=secret(\"file:s\")", environment)
    var dumped = ""
    dump(result.configuration, to: &dumped)
    let printed = String(describing: result.configuration) + String(reflecting: result)
    let all = dumped + printed + (result.configuration?.canonical.pretty ?? "")
    #expect(!all.contains("canary-9f3"))
    #expect(result.configuration?.canonical.pretty.contains("<secret file:s>") == true)
  }

  @Test func `a secret that stands in the config as text is not shown`() {
    let result = Self.load("token value=\"canary-9f3\"", nil)
    let text = HumanRendering(sources: result.sources, hasColor: false)
      .text(of: result.diagnostics)
    #expect(result.diagnostics.map(\.code) == [.literalSecret])
    #expect(!text.contains("canary"))
    #expect(text.contains("token value=************"))
  }
}

extension String {
  fileprivate init(copying span: Span<UInt8>) {
    self = String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
  }
}
