// What happens to field names that other software may take for a different one.

/// Names with `_` or `.`: CGI and its heirs map both to the same variable as `-`, so that a field
/// which Sluice does not know by that spelling passes for one that it sets (CVE-2026-39858).
public enum UnderscoreRule: Sendable {
  /// The line is not forwarded, no policy sees it, and it is counted.
  case drop
  /// The request is refused.
  case refuse
  /// The line passes like any other.
  case keep
}
