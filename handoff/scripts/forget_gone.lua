-- Takes a conversation that is not there any more out of every list of conversations.
--
-- KEYS  1 state  2 queue  3 assigned  4 due
-- ARGV  1 the conversation
-- Returns 1 when it was in one of them and is gone, else 0.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local found = redis.call('ZREM', KEYS[2], ARGV[1]) + redis.call('HDEL', KEYS[3], ARGV[1])
  + redis.call('ZREM', KEYS[4], ARGV[1])
if found > 0 then return 1 end
return 0
