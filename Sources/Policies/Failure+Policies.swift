// Failures that several policies share.

import PolicyChain

extension Failure {
  /// The block for fields that Sluice adds is full: with its fixed size that takes a config that
  /// adds kilobytes.
  static var noRoomForFields: Failure {
    Failure(
      .internalError, origin: .gateway, retry: .never, detail: "no room for the fields to add")
  }
}
