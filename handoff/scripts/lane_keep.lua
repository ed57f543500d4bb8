-- Hold a lane for longer, if it is still ours.
--
-- KEYS  1 index  2 holders
-- ARGV  1 lane  2 token  3 lease in ms
-- Returns 1 when it is, else 0.
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
local t = redis.call('TIME')
redis.call('ZADD', KEYS[1], string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000) + tonumber(ARGV[3])), ARGV[1])
return 1
