-- Take a lane that is due, for a while. By Redis' clock, so that no other clock can end it early.
--
-- KEYS  1 index (sorted set of lanes by when they are due)  2 holders (hash of token by lane)
-- ARGV  1 lane  2 token  3 lease in ms
-- Returns 1 when it is ours now, else 0.
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not due then return 0 end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if tonumber(due) > now then return 0 end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[3])), ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return 1
