// Directives that the language has and this version does not: E0109, never accepted. A name leaves
// this list when its declaration enters the schema.

enum LaterVersion {
  static let directives: Set<String> = [
    "cache", "compress", "header", "maintenance", "schema", "shadow", "slo", "tracing",
  ]

  /// Words that name a variant of a directive.
  static let variants: [String: Set<String>] = [
    "identity": ["basic", "forward", "hmac", "introspection", "oidc"]
  ]
}
