// From a path to an effective config and everything that is wrong with it. Pure: it reads files
// through its source, knows no network and no secrets, and writes nothing; with a resolution it
// also reads what `env`, `file` and `secret` name.

/// What a load found. The config is there when there are no errors.
package struct LoadResult: Sendable {
  package let configuration: EffectiveConfiguration?
  /// Sorted by file and line.
  package let diagnostics: [Diagnostic]
  /// The files, for excerpts.
  package let sources: SourceSet
}

/// Loads configs by one schema.
package struct ConfigurationLoader<Files: FileSource>: Sendable {
  private let files: Files
  private let schema: Schema

  package init(files: Files, schema: Schema) {
    self.files = files
    self.schema = schema
  }

  /// Loads the config whose root file is `path`. Without a resolution, nothing outside the files is
  /// looked at.
  package func load(
    _ path: String, resolving resolution: (any ResolutionSource)? = nil
  ) -> LoadResult {
    var reader = IncludeReader(
      files: files, checker: StatementChecker(schema: schema, resolution: resolution))
    reader.read(root: path)
    guard !reader.found.isEmpty else {
      return LoadResult(
        configuration: nil, diagnostics: reader.checker.diagnostics.sorted,
        sources: reader.sources)
    }
    var compiler = Compiler(reader.found, checker: reader.checker)
    let configuration = compiler.compile(files: reader.sources.paths, root: path)
    var diagnostics = compiler.checker.diagnostics
    // Routes of a config with errors could tie for reasons that go away with the errors.
    if !diagnostics.hasErrors { diagnostics.add(configuration.routeConflicts) }
    var sources = reader.sources
    sources.conceal(compiler.checker.confidential)
    return LoadResult(
      configuration: diagnostics.hasErrors ? nil : configuration,
      diagnostics: diagnostics.sorted, sources: sources)
  }
}
