// Directives that the language has and this version does not: E0109, never accepted. A name leaves
// this list when its declaration enters the schema.

enum LaterVersion {
  static let directives: Set<String> = [
    "access", "allow", "assert", "balance", "breaker", "bulkhead", "cache", "compress",
    "enforce", "except", "forbid", "header", "health", "identity", "maintenance",
    "mirror", "redis", "require", "retry", "role", "schema", "shadow", "slo", "tracing",
    "waive", "where",
  ]
}
