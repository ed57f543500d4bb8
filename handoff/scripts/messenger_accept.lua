-- One event of the webhook onto its person's stream, once.
--
-- KEYS  1 seen (this event's key)  2 stream of the person  3 index of persons with work
-- ARGV  1 event, JSON text  2 seconds to remember the key  3 lane  4 settle time in ms
-- Returns 1 when it was new, else 0.
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[2]) then return 0 end
redis.call('XADD', KEYS[2], '*', 'e', ARGV[1])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZADD', KEYS[3], 'NX', string.format('%.0f', now + tonumber(ARGV[4])), ARGV[3])
return 1
