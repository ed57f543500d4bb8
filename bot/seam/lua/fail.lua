-- Notes that an attempt at an entry failed.
-- KEYS: 1 inbox. ARGV: 1 group, 2 consumer, 3 entry.
-- Returns: the attempts so far, or -1 when the entry is not this consumer's any more.
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)
if #pending == 0 or pending[1][2] ~= ARGV[2] then
  return -1
end
local count = tonumber(pending[1][4]) + 1
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'RETRYCOUNT', count, 'JUSTID')
return count
