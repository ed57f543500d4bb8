-- The log's events, read where the WAIT behind it covers them: what a replica does not have yet, a failover may take
-- back, and other events would get the numbers that somebody was shown.
--
-- KEYS  1 log  2 a name that is written so that there is something to wait for
-- ARGV  1 the last number that is known  2 events at most, 0 for all
redis.call('SET', KEYS[2], '1')
local count = tonumber(ARGV[2])
if count > 0 then return redis.call('XRANGE', KEYS[1], '(' .. ARGV[1] .. '-0', '+', 'COUNT', count) end
return redis.call('XRANGE', KEYS[1], '(' .. ARGV[1] .. '-0', '+')
