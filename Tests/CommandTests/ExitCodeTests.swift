// The exit codes that scripts rely on.

import Testing

struct ExitCodeTests {
  @Test(
    arguments: [
      (["--help"], 0), (["--version"], 0), (["check", "--help"], 0), (["check"], 0),
      (["check", "-c", "doubtful.conf"], 0), (["check", "-c", "doubtful.conf", "--strict"], 1),
      (["check", "-c", "wrong.conf"], 1), (["check", "-c", "tied.conf"], 1),
      (["check", "-c", "missing.conf"], 66), (["check", "-c", "."], 66),
      (["check", "--nonsense"], 64), (["check", "--format", "xml"], 64),
      (["check", "--now", "2027-02-30"], 64), (["check", "excess"], 64), (["nonsense"], 64),
      (["fmt", "--check"], 0), (["fmt", "missing.conf"], 66),
      (["adapt"], 0), (["adapt", "-c", "wrong.conf"], 1), (["adapt", "-c", "missing.conf"], 66),
      (["schema"], 0), (["schema", "excess"], 64),
      (["explain"], 0), (["explain", "listener"], 0), (["explain", "E0107"], 0),
      (["explain", "listner"], 64), (["explain", "route"], 0), (["explain", "pipeline"], 0),
      (["explain", "route", "api.list"], 0), (["explain", "route", "api.lost"], 64),
      (["explain", "route", "a", "b"], 64), (["explain", "listener", "b"], 64),
      (["explain", "route", "hello", "-c", "wrong.conf"], 1),
      (["echo", "--address", "nonsense"], 64), (["echo", "--port", "70000"], 64),
      (["echo", "--unix", ""], 64), (["echo", "--unix", "routes.conf"], 71),
      (["echo", "--address", "192.0.2.1"], 71),
      (["certs", "no name"], 64), (["certs", "--directory", "missing/certs"], 71),
      (["run", "-c", "missing.conf"], 66), (["run", "-c", "wrong.conf"], 78),
      (["run", "-c", "tied.conf"], 78), (["run", "--nonsense"], 64),
    ] as [([String], Int32)])
  func `a command ends with the code of what happened`(
    arguments: [String], status: Int32
  ) throws {
    let ending = try Command.run(arguments, in: Folder(Samples.files))
    #expect(ending.status == status, "\(ending.output)\(ending.errors)")
    let isQuiet = ending.output.isEmpty && ending.errors.isEmpty
    #expect(!isQuiet || arguments.first == "fmt", "A command says what it did.")
  }

  @Test func `a file that is missing is named in one sentence`() throws {
    let ending = try Command.run(["check", "-c", "missing.conf"], in: Folder())
    #expect(
      ending.errors == "sluice: missing.conf cannot be read: there is no such file\n")
    #expect(ending.output.isEmpty)
  }

  @Test func `the help names every command and every exit code`() throws {
    let help = try Command.run(["--help"], in: Folder()).output
    for word in ["run", "check", "fmt", "adapt", "schema", "explain", "echo", "certs"] {
      #expect(help.contains("\n  \(word) "))
    }
    for code in [0, 1, 64, 66, 69, 70, 71, 78] { #expect(help.contains("\n  \(code) ")) }
  }

  @Test(arguments: ["run", "check", "fmt", "adapt", "schema", "explain", "echo", "certs"])
  func `every command has examples in its help`(command: String) throws {
    let ending = try Command.run([command, "--help"], in: Folder())
    #expect(ending.status == 0)
    #expect(ending.output.contains("Examples:\n  sluice \(command)"))
  }
}
