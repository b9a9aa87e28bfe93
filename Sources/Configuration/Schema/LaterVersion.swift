// Directives that the language has and this version does not: E0109, never accepted. A name leaves
// this list when its declaration enters the schema.

enum LaterVersion {
  static let directives: Set<String> = [
    "access", "allow", "assert", "cache", "compress",
    "enforce", "except", "forbid", "header", "maintenance",
    "require", "role", "schema", "shadow", "slo", "tracing",
    "waive", "where",
  ]

  /// Words that name a variant of a directive.
  static let variants: [String: Set<String>] = [
    "identity": ["basic", "forward", "hmac", "introspection", "mtls", "oidc"]
  ]
}
