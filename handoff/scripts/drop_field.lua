-- Take a hash's field away, if it is still what the caller has read.
--
-- KEYS  1 hash
-- ARGV  1 field  2 value that was read
-- Returns 1 when it was taken away, else 0.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
