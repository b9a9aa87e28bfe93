// What runs inside Redis: one step for all buckets of a request, by Redis' own clock. Numbers are
// whole and below 2^53, which Lua's doubles hold exactly; `%.0f` writes them without an exponent.

enum RedisScripts {
  /// KEYS: the buckets. ARGV, five for each: units per microsecond, milliseconds of a window (one
  /// of both is zero), units of a full bucket, units to take, and 1 for one that only watches.
  ///
  /// Answers: whether the request passes, the time in microseconds, and for each bucket its level
  /// and whether it had enough. A bucket that is full again needs no key: it expires then.
  static let decide: StaticString = """
    local t = redis.call('TIME')
    local now = t[1] * 1000000 + t[2]
    local passes = 1
    local levels, enough, stamps = {}, {}, {}
    for i, key in ipairs(KEYS) do
      local a = (i - 1) * 5
      local rate, window = tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
      local full, cost = tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4])
      local level, stamp = full, now
      if window > 0 then stamp = math.floor(now / 1000 / window) end
      local kept = redis.call('GET', key)
      local l, s
      if kept then l, s = string.match(kept, '^(%d+) (%d+)$') end
      if l then
        l, s = tonumber(l), tonumber(s)
        if window > 0 then
          if s >= stamp then level, stamp = math.min(full, l), s end
        else
          level = math.min(full, l + math.max(0, now - s) * rate)
          stamp = math.max(now, s)
        end
      end
      levels[i], stamps[i] = level, stamp
      enough[i] = level >= cost and 1 or 0
      if enough[i] == 0 and ARGV[a + 5] ~= '1' then passes = 0 end
    end
    local reply = { passes, now }
    for i, key in ipairs(KEYS) do
      local a = (i - 1) * 5
      local rate, window = tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
      local full, cost = tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4])
      if passes == 1 and enough[i] == 1 then
        levels[i] = levels[i] - cost
        local left
        if window > 0 then
          left = (stamps[i] + 1) * window - math.floor(now / 1000)
        else
          left = math.ceil((full - levels[i]) / rate / 1000)
        end
        redis.call('SET', key, string.format('%.0f %.0f', levels[i], stamps[i]),
          'PX', string.format('%.0f', math.max(left, 1)))
      end
      reply[#reply + 1] = levels[i]
      reply[#reply + 1] = enough[i]
    end
    return reply
    """

  /// KEYS: the set of gateways. ARGV: this one. Answers how many there are: each counts for five
  /// seconds from its last sign of life.
  static let heartbeat: StaticString = """
    local now = tonumber(redis.call('TIME')[1])
    redis.call('ZADD', KEYS[1], now, ARGV[1])
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 5)
    redis.call('EXPIRE', KEYS[1], 60)
    return redis.call('ZCARD', KEYS[1])
    """
}
