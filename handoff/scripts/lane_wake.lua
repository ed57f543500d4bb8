-- A lane that waits for its next attempt is due now. One that is being worked on is left alone.
--
-- KEYS  1 index  2 holders
-- ARGV  1 lane
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then
  local t = redis.call('TIME')
  local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
  if due and tonumber(due) > t[1] * 1000 + math.floor(t[2] / 1000) then return 0 end
end
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then redis.call('ZADD', KEYS[1], 0, ARGV[1]) end
return 1
