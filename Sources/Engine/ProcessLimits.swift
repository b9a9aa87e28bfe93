// What the system allows this process, and who it runs as.

import CLinux
import Glibc

public enum ProcessLimits {
  /// Raises the number of descriptors to what the system allows. Returns it.
  public static func raiseDescriptors() -> UInt64 {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return 0
    }
    limit.rlim_cur = limit.rlim_max
    // Refused only when the hard limit was lowered meanwhile: then the old one holds.
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return UInt64(limit.rlim_cur)
  }

  /// Processors that this process may use, by its affinity.
  public static func processorCount() -> Int {
    max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// Becomes `user` with its own groups, for good. Only root can.
  public static func become(_ user: String) throws(SystemError) {
    guard geteuid() == 0 else { return }
    guard let entry = unsafe getpwnam(user) else { throw SystemError("getpwnam", code: ENOENT) }
    let group = unsafe entry.pointee.pw_gid
    let id = unsafe entry.pointee.pw_uid
    guard unsafe initgroups(user, group) == 0 else { throw SystemError("initgroups") }
    guard setgid(group) == 0 else { throw SystemError("setgid") }
    guard setuid(id) == 0 else { throw SystemError("setuid") }
    // A process that can go back has dropped nothing.
    guard setuid(0) != 0 || id == 0 else { throw SystemError("setuid", code: EPERM) }
  }
}
