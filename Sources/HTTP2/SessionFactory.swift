// Makes nghttp2's sessions: which callbacks it has, and which of its own limits are switched on.

import CNGHTTP2

enum SessionFactory {
  /// - Parameters:
  ///   - memory: what the session lives in, which outlives it and stays where it is.
  ///   - user: the `HTTP2Session`, which outlives the result.
  static func make(
    _ role: HTTP2Session.Role, limits: FloodLimits, settings: HTTP2Settings, expectsPreface: Bool,
    memory: UnsafeMutablePointer<cn_memory>, user: UnsafeMutableRawPointer
  ) throws(HTTP2Error) -> OpaquePointer {
    var callbacks: OpaquePointer?
    var options: OpaquePointer?
    defer {
      unsafe nghttp2_session_callbacks_del(callbacks)
      unsafe nghttp2_option_del(options)
    }
    guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0,
      unsafe nghttp2_option_new(&options) == 0
    else { throw .outOfMemory }
    unsafe setCallbacks(callbacks)
    unsafe setOptions(options, role, limits, settings, expectsPreface)
    var session: OpaquePointer?
    let result = unsafe cn_session_new(
      &session, callbacks, user, options, role == .server ? 1 : 0, memory)
    guard result == 0, let session = unsafe session else { throw .outOfMemory }
    return unsafe session
  }

  private static func setCallbacks(_ callbacks: OpaquePointer?) {
    unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, onFrameBegan)
    unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onHeadBegan)
    unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks, onField)
    unsafe nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, onBadField)
    unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame)
    unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData)
    unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onStreamClosed)
    unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, onFrameSent)
    unsafe nghttp2_session_callbacks_set_send_data_callback(callbacks, writeData)
  }

  private static func setOptions(
    _ options: OpaquePointer?, _ role: HTTP2Session.Role, _ limits: FloodLimits,
    _ settings: HTTP2Settings, _ expectsPreface: Bool
  ) {
    // Window is given back when bytes are pulled: see `HTTP2Session.credit`.
    unsafe nghttp2_option_set_no_auto_window_update(options, 1)
    // Closed streams would be kept for the priority tree, which nobody uses.
    unsafe nghttp2_option_set_no_closed_streams(options, 1)
    unsafe nghttp2_option_set_max_deflate_dynamic_table_size(
      options, Int(settings.headerTableBytes))
    unsafe nghttp2_option_set_max_outbound_ack(options, Int(limits.outboundControlsMax))
    unsafe nghttp2_option_set_max_settings(options, limits.settingsEntriesMax)
    unsafe nghttp2_option_set_max_continuations(options, limits.continuationsMax)
    // The guard counts resets more closely; this one holds below it.
    unsafe nghttp2_option_set_stream_reset_rate_limit(options, 1000, 33)
    unsafe nghttp2_option_set_no_recv_client_magic(options, expectsPreface ? 0 : 1)
    // Requests are judged by the rules that hold for HTTP/1 as well, which are stricter, and answer
    // where nghttp2 would only reset.
    if role == .server { unsafe nghttp2_option_set_no_http_messaging(options, 1) }
  }
}
