// Where things stand that the settings themselves do not tell, for findings of other targets.

extension EffectiveConfiguration {
  /// Where a property of a certificate stands, or the certificate when the property is not said.
  package func location(ofCertificate name: String, property: String) -> SourceLocation {
    let found = statements.first { $0.shape.defines == .certificate && $0.name == name }
    guard let found else { preconditionFailure("A certificate of the config has its statement.") }
    return found.location(of: property)
  }
}
