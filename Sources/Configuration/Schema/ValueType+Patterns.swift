// The types of `match`: patterns that Matching reads. A refusal says what is wrong with the
// pattern.

extension ValueType {
  /// A pattern whose reader throws `PatternError`. Policy is proved without an environment, so no
  /// call stands for it.
  private static func pattern(
    _ noun: String, text: @escaping @Sendable (Wrapped) -> String,
    _ parse: @escaping @Sendable (String) throws(PatternError) -> Wrapped
  ) -> ValueType {
    ValueType(
      noun, calls: [], canonical: { .string(text($0)) },
      parse: { (written) throws(ValueProblem) in
        do throws(PatternError) { return try parse(written) } catch {
          throw ValueProblem(hint: error.message)
        }
      })
  }
}

extension ValueType where Wrapped == HostPattern {
  package static var hostPattern: ValueType {
    .pattern("a host such as api.example.com or *.example.com", text: \.text) {
      (text) throws(PatternError) in try HostPattern(parsing: text)
    }
  }
}

extension ValueType where Wrapped == PathPattern {
  package static var pathPattern: ValueType {
    .pattern("a path such as /a, /a/** or /a/{id}", text: \.text) {
      (text) throws(PatternError) in try PathPattern(parsing: text)
    }
  }
}

extension ValueType where Wrapped == MethodPattern {
  package static var method: ValueType {
    .pattern("a method such as GET", text: \.name) {
      (text) throws(PatternError) in try MethodPattern(parsing: text)
    }
  }
}
