-- Post an announcement, or take it away, once for each request.
--
-- KEYS  1 announcements  2 where the answer to the request is remembered, if anywhere
-- ARGV  1 id  2 the announcement as JSON, empty to take it away  3 the answer  4 seconds for which it is remembered
-- Returns 1 when it is done, 2 when the same request did it before, and 0 when there is none to take away.
if KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 then return 2 end
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
elseif redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then
  return 0
end
if KEYS[2] then redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[4]) end
return 1
