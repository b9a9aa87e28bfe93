// What is derived from the declarations: machine formats, the JSON Schema, manuals, the reference.

import FoundationEssentials
import Testing

@testable import Configuration

@Suite struct RenderingTests {
  private static let wrong = Corpus.load("syntax-example.conf")

  @Test func `colors are only there when asked for`() {
    let plain = HumanRendering(sources: Self.wrong.sources, hasColor: false)
    let colored = HumanRendering(sources: Self.wrong.sources, hasColor: true)
    #expect(!plain.text(of: Self.wrong.diagnostics).contains("\u{1b}"))
    #expect(colored.text(of: Self.wrong.diagnostics).hasPrefix("\u{1b}[1;31merror[E0107]\u{1b}[0m"))
  }

  @Test func `JSON has every field of a diagnostic`() {
    let text = MachineRendering.json(Self.wrong.diagnostics, sources: Self.wrong.sources)
    #expect(text.contains("\"code\": \"E0107\""))
    #expect(text.contains("\"hint\": \"did you mean 'limit'?\""))
    #expect(text.contains("\"line\": 14"))
    #expect(text.contains("\"includedFrom\": ["))
  }

  @Test func `GitHub annotations are one line each`() {
    let text = MachineRendering.github(Self.wrong.diagnostics)
    let expected =
      "::error file=conf.d/orders.conf,line=14,col=5,endColumn=9,title=E0107::"
      + "unknown directive 'limt' in route \"create\"%0Adid you mean 'limit'?%0A"
      + "sluice explain limit\n"
    #expect(text == expected)
  }

  @Test func `SARIF names its rules and places`() {
    let text = MachineRendering.sarif(Self.wrong.diagnostics, version: "0.1.0")
    #expect(text.contains("\"version\": \"2.1.0\""))
    #expect(text.contains("\"ruleId\": \"E0107\""))
    #expect(text.contains("\"startColumn\": 5"))
  }

  @Test func `all machine formats show all diagnostics`() {
    let many = Corpus.load("syntax-many-errors.conf")
    #expect(MachineRendering.github(many.diagnostics).split(separator: "\n").count == 25)
  }

  @Test func `codes are unique`() {
    let codes = DiagnosticCode.all.map(\.description)
    #expect(Set(codes).count == codes.count)
  }

  // MARK: Manuals

  private static let directives = TestPolicies.schema.directives.map(\.shape)

  @Test(arguments: directives.map(\.directive))
  func `every directive has a manual, and its summary is a sentence`(name: String) throws {
    let text = try #require(TestPolicies.schema.explanation(of: name))
    #expect(text.hasPrefix(name))
    for shape in TestPolicies.schema.declarations(named: name).map(\.shape) {
      #expect(shape.summary.hasSuffix("."))
      for property in shape.arguments + shape.properties {
        #expect(property.summary.hasSuffix("."))
      }
    }
  }

  @Test func `a manual shows types, ranges, defaults and examples`() throws {
    let text = try #require(TestPolicies.schema.explanation(of: "limits"))
    #expect(text.contains("default 32KiB"))
    #expect(text.contains("a duration such as 50ms or 10s; default 10s"))
    #expect(text.contains("limits head=16KiB line=4KiB"))
    #expect(TestPolicies.schema.explanation(of: "E0109")?.contains("not in this version") == true)
    #expect(TestPolicies.schema.explanation(of: "nothing") == nil)
  }

  @Test(arguments: directives.indices)
  func `every example is accepted where its directive may stand`(index: Int) {
    let shape = Self.directives[index]
    #expect(!shape.examples.isEmpty, "\(shape.directive) has no example")
    for example in shape.examples {
      for scope in shape.scopes {
        let errors = Self.check(example.config, in: scope).filter {
          // An example stands alone: what it refers to is not there.
          $0.code != .unknownReference
        }
        #expect(errors.isEmpty, "\(shape.directive): \(example.claim)")
      }
    }
  }

  private static func check(_ text: String, in scope: Scope) -> [Diagnostic] {
    let schema = TestPolicies.schema
    let source = SourceText(path: "example", bytes: Array(text.utf8))
    let parsed = Parser.parse(source) { schema.isContainer($0) }
    var checker = StatementChecker(schema: schema, resolution: nil)
    _ = checker.check(parsed.statements, in: BlockContext(scope: scope, name: "x"))
    return parsed.diagnostics + checker.diagnostics.all
  }

  @Test func `the reference has a section for each directive and a row for each code`() {
    let text = TestPolicies.schema.reference
    for shape in Self.directives { #expect(text.contains("## `\(shape.directive)` (")) }
    for code in DiagnosticCode.all { #expect(text.contains("| \(code) |")) }
  }

  // MARK: The JSON Schema

  @Test func `the JSON Schema is JSON whose references lead somewhere`() throws {
    let schema = TestPolicies.schema.jsonSchema
    _ = try JSONDecoder().decode(Anything.self, from: Data(schema.pretty.utf8))
    let keys = Set(schema["$defs"].keys)
    for reference in schema.references {
      #expect(keys.contains(String(reference.dropFirst("#/$defs/".count))), "\(reference)")
    }
  }

  @Test(arguments: Corpus.names.filter { $0.hasPrefix("ok-") })
  func `the canonical form follows the JSON Schema`(name: String) throws {
    let canonical = try #require(Corpus.load(name).configuration?.canonical)
    let validator = SchemaValidator(root: TestPolicies.schema.jsonSchema)
    #expect(validator.problems(of: canonical) == [])
  }

  @Test func `the validator of these tests finds what does not fit`() {
    let validator = SchemaValidator(root: TestPolicies.schema.jsonSchema)
    #expect(!validator.problems(of: .members(["sluice": .number(2)])).isEmpty)
    #expect(!validator.problems(of: .members(["other": .number(1)])).isEmpty)
  }
}

private struct Anything: Decodable {
  init(from decoder: any Decoder) throws {}
}
