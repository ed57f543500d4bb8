-- Give up the turn of a request that comes to nothing, so that nobody waits for it.
--
-- KEYS  1 state
-- ARGV  1 who asked
-- Returns 1 when the turn was its, else 0.
if redis.call('HGET', KEYS[1], 'turn') ~= ARGV[1] then return 0 end
return redis.call('HDEL', KEYS[1], 'turn', 'turn_until') > 0 and 1 or 0
