-- Put a hash's field to another value, if it is still what the caller has read.
--
-- KEYS  1 hash
-- ARGV  1 field  2 value that was read  3 value from now on
-- Returns 1 when it was put, else 0.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
