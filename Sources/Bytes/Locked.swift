// A value behind a lock: the standard library's `Mutex`, and under the thread sanitizer the same
// over a lock that the sanitizer knows.

#if THREAD_SANITIZER
  import Glibc

  /// A value that threads share, one at a time.
  ///
  /// The standard library's `Mutex` is not instrumented, so that the thread sanitizer misses each
  /// hand-over to a thread that had to wait and reports the next access as a race. With this one it
  /// judges every access, without exceptions.
  @safe public struct Locked<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    // Both are set once; what `value` points to is touched between lock and unlock only, hence
    // Sendable.
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    public init(_ initial: consuming sending Value) {
      unsafe lock = UnsafeMutablePointer.allocate(capacity: 1)
      unsafe lock.initialize(to: pthread_mutex_t())
      unsafe pthread_mutex_init(lock, nil)
      unsafe value = UnsafeMutablePointer.allocate(capacity: 1)
      unsafe value.initialize(to: initial)
    }

    deinit {
      unsafe value.deinitialize(count: 1)
      unsafe value.deallocate()
      unsafe pthread_mutex_destroy(lock)
      unsafe lock.deallocate()
    }

    /// Runs `body` while no other thread is in one.
    public borrowing func withLock<Result: ~Copyable, Failure: Error>(
      _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
      unsafe pthread_mutex_lock(lock)
      defer { unsafe pthread_mutex_unlock(lock) }
      return try unsafe body(&value.pointee)
    }
  }
#else
  import Synchronization

  /// A value that threads share, one at a time.
  public typealias Locked<Value: ~Copyable> = Mutex<Value>
#endif
