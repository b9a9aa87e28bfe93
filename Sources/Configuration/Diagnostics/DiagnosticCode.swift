// The stable codes: E syntax and schema, P policy, A audit, W warning. A code is never reused for
// something else.

/// A code with the severity it has unless said otherwise.
package struct DiagnosticCode: Sendable, Hashable, CustomStringConvertible {
  package let description: String
  package let severity: Severity
  /// What the code is about, for the manual and SARIF's rules.
  package let title: String

  package init(_ description: String, _ title: String, severity: Severity = .error) {
    self.description = description
    self.title = title
    self.severity = severity
  }
}

/// How bad a diagnostic is: an error refuses the config, a warning does not.
package enum Severity: String, Sendable, Hashable {
  case error, warning
}

extension DiagnosticCode {
  package static let badText = DiagnosticCode("E0101", "text that a config may not hold")
  package static let syntax = DiagnosticCode("E0102", "syntax")
  package static let unclosedString = DiagnosticCode(
    "E0103", "string not closed or escaped wrongly")
  package static let unclosedList = DiagnosticCode("E0104", "missing ']'")
  package static let unclosedBlock = DiagnosticCode("E0105", "missing or stray '}'")
  package static let wrongBlock = DiagnosticCode("E0106", "block missing or out of place")
  package static let unknownDirective = DiagnosticCode("E0107", "unknown directive")
  package static let wrongScope = DiagnosticCode("E0108", "directive in the wrong place")
  package static let notInThisVersion = DiagnosticCode("E0109", "not in this version")
  package static let unknownProperty = DiagnosticCode("E0110", "unknown property")
  package static let wrongType = DiagnosticCode("E0111", "value of the wrong type")
  package static let outOfRange = DiagnosticCode("E0112", "value out of range")
  package static let missingValue = DiagnosticCode("E0113", "missing argument or property")
  package static let excessArgument = DiagnosticCode("E0114", "argument too many")
  package static let duplicateProperty = DiagnosticCode("E0115", "property stated twice")
  package static let duplicateDirective = DiagnosticCode("E0116", "directive stated twice")
  package static let wrongOperator = DiagnosticCode("E0117", "operator that does not fit")
  package static let callNotAllowed = DiagnosticCode("E0118", "env, file or secret out of place")
  package static let badName = DiagnosticCode("E0119", "name not allowed")
  package static let duplicateName = DiagnosticCode("E0120", "name defined twice")
  package static let unknownReference = DiagnosticCode("E0121", "reference to nothing")
  package static let badInclude = DiagnosticCode("E0122", "include that cannot be followed")
  package static let includeDenied = DiagnosticCode("E0123", "not allowed in an included file")
  package static let badVersion = DiagnosticCode("E0124", "language version")
  package static let nothingToRemove = DiagnosticCode("E0125", "removal of what is not inherited")
  package static let settingsConflict = DiagnosticCode(
    "E0126", "properties that do not fit together")
  package static let duplicateValue = DiagnosticCode("E0127", "value stated twice")
  package static let unreadableFile = DiagnosticCode("E0128", "file that cannot be read")
  package static let unresolved = DiagnosticCode("E0129", "value that cannot be resolved")
  package static let tooLarge = DiagnosticCode("E0130", "config over a limit")
  /// Raised by `check --resolve`, which looks into the file.
  package static let unusableKeys = DiagnosticCode("E0140", "keys of an identity")

  /// Raised by Routing: two routes tie for some request.
  package static let ambiguousRoutes = DiagnosticCode("P0101", "routes that tie")
  /// Raised by Routing: another route stands in front for every request.
  package static let unreachableRoute = DiagnosticCode("P0102", "route that can never match")
  package static let missingAction = DiagnosticCode("P0103", "route without an action")
  package static let severalActions = DiagnosticCode("P0104", "several actions in one scope")
  package static let missingAuth = DiagnosticCode("P0105", "route without auth")
  package static let emptyMatch = DiagnosticCode("P0106", "match that meets none of its group's")
  package static let wrongShares = DiagnosticCode("P0107", "shares that are not 100%")
  package static let unknownParameter = DiagnosticCode("P0108", "path parameter that no match has")
  package static let unservedRoute = DiagnosticCode(
    "P0109", "route on a listener that cannot serve it")

  package static let needsIdentity = DiagnosticCode(
    "P0110", "identity needed where there may be none")
  package static let weakerThanEnforced = DiagnosticCode(
    "P0121", "weaker than what is enforced")
  package static let assertionBroken = DiagnosticCode("P0122", "assert that does not hold")
  package static let staleException = DiagnosticCode("P0123", "exception that excuses nothing")
  package static let expiredException = DiagnosticCode("P0124", "exception past its last day")

  package static let trustsEveryone = DiagnosticCode("A0101", "trust in every address")
  package static let literalSecret = DiagnosticCode("A0102", "literal secret")
  package static let redirectHostFromRequest = DiagnosticCode(
    "A0103", "redirect to a host taken from the request")
  package static let sharedCertificateName = DiagnosticCode(
    "A0104", "certificates of one name and key type")
  package static let plainUpstream = DiagnosticCode(
    "A0105", "upstream without tls outside loopback and private addresses", severity: .warning)
  package static let openCredential = DiagnosticCode(
    "A0106", "credential on a listener that cannot keep it secret")
  package static let looseToken = DiagnosticCode(
    "A0107", "jwt without issuer, audience or algorithms")
  package static let symmetricKeySet = DiagnosticCode(
    "A0108", "algorithm that does not fit the kind of key")
  package static let credentialedWildcard = DiagnosticCode(
    "A0121", "credentials for pages of every origin")
  package static let certificateNotAsked = DiagnosticCode(
    "A0131", "certificate needed where the listener asks for none")

  package static let listenerNotNamed = DiagnosticCode(
    "W0101", "route that names no listener where several serve", severity: .warning)
  package static let openGroup = DiagnosticCode(
    "W0102", "auth none above a group", severity: .warning)
  /// Raised by `check --resolve`, which looks into the file.
  package static let doubtfulCertificate = DiagnosticCode(
    "W0103", "certificate that clients may refuse", severity: .warning)
}

extension DiagnosticCode {
  package static let assertionMeetsNothing = DiagnosticCode(
    "W0121", "assert whose 'where' no route meets", severity: .warning)
  package static let exceptionEndsSoon = DiagnosticCode(
    "W0122", "exception that ends within two weeks", severity: .warning)
}

extension DiagnosticCode {
  /// Every code, in order.
  package static let all: [DiagnosticCode] = [
    badText, syntax, unclosedString, unclosedList, unclosedBlock, wrongBlock, unknownDirective,
    wrongScope, notInThisVersion, unknownProperty, wrongType, outOfRange, missingValue,
    excessArgument, duplicateProperty, duplicateDirective, wrongOperator, callNotAllowed, badName,
    duplicateName, unknownReference, badInclude, includeDenied, badVersion, nothingToRemove,
    settingsConflict, duplicateValue, unreadableFile, unresolved, tooLarge, unusableKeys,
    ambiguousRoutes,
    unreachableRoute, missingAction, severalActions, missingAuth, emptyMatch, wrongShares,
    unknownParameter, unservedRoute, needsIdentity, weakerThanEnforced, assertionBroken,
    staleException, expiredException, trustsEveryone, literalSecret, redirectHostFromRequest,
    sharedCertificateName, plainUpstream, openCredential, looseToken, symmetricKeySet,
    credentialedWildcard, certificateNotAsked, listenerNotNamed, openGroup, doubtfulCertificate,
    assertionMeetsNothing, exceptionEndsSoon,
  ]
}
