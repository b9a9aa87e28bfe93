// Directives that the language has and this version does not: E0109, never accepted. A name leaves
// this list when its declaration enters the schema.

enum LaterVersion {
  static let directives: Set<String> = [
    "access", "allow", "assert", "bulkhead", "cache", "compress",
    "enforce", "except", "forbid", "header", "identity", "maintenance",
    "mirror", "redis", "require", "role", "schema", "shadow", "slo", "tracing",
    "waive", "where",
  ]
}
