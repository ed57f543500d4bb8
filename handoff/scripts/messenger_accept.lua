-- One event of the webhook onto its person's stream, once.
--
-- KEYS  1 seen (this event's key)  2 stream of the person  3 index of persons with work  4 holders of lanes
-- ARGV  1 event, JSON text  2 seconds to remember the key  3 lane  4 settle time in ms  5 the longest settling in ms
-- Returns 1 when it was new, else 0.
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[2]) then return 0 end
redis.call('XADD', KEYS[2], '*', 'e', ARGV[1])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local wanted = now + tonumber(ARGV[4])
if redis.call('ZADD', KEYS[3], 'NX', string.format('%.0f', wanted), ARGV[3]) == 1 then return 1 end
-- Others wait already: where one straggler came, the next may be close behind. A lane that is worked on is left alone.
if redis.call('HEXISTS', KEYS[4], ARGV[3]) == 1 then return 1 end
local first = tonumber(string.match(redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1][1], '^%d+'))
wanted = math.min(wanted, first + tonumber(ARGV[5]))
local due = tonumber(redis.call('ZSCORE', KEYS[3], ARGV[3]))
if due > now and wanted > due then redis.call('ZADD', KEYS[3], string.format('%.0f', wanted), ARGV[3]) end
return 1
