// What a peer can do too much of. One row per attack of docs/hardening.md's group C.

/// A kind of abuse, as metrics name it.
public enum FloodKind: UInt8, Sendable, CaseIterable {
  /// Streams that the peer resets before it has its answer (CVE-2023-44487).
  case rapidReset
  /// Streams that the peer makes us reset (CVE-2025-8671).
  case provokedReset
  case settings, ping, priority, windowUpdate
  /// Frames without payload that end nothing (CVE-2019-9518).
  case emptyFrame
  case continuation
  /// A head that grows far beyond its limits as it is decoded (CVE-2016-6581, CVE-2026-49975).
  case headerBomb
  /// Frames whose headers are most of what they carry, and frames of types that nobody knows.
  case overhead
  /// Answers that are asked for and never taken.
  case windowStall
  /// Many small violations of different kinds.
  case glitches

  public var name: StaticString {
    switch self {
    case .rapidReset: "http2_rapid_reset"
    case .provokedReset: "http2_provoked_reset"
    case .settings: "http2_settings_flood"
    case .ping: "http2_ping_flood"
    case .priority: "http2_priority_flood"
    case .windowUpdate: "http2_window_update_flood"
    case .emptyFrame: "http2_empty_frames"
    case .continuation: "http2_continuation_flood"
    case .headerBomb: "http2_header_bomb"
    case .overhead: "http2_frame_overhead"
    case .windowStall: "http2_window_stall"
    case .glitches: "http2_glitches"
    }
  }
}
