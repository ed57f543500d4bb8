-- Give a lane back. It stays in the index while there is work, and is gone from it when there is none.
--
-- KEYS  1 index  2 holders  3 what holds the work: a stream, or a conversation's state (hash)
-- ARGV  1 lane  2 token  3 milliseconds until it is due again  4 '' for a stream, else the number that is done up to
--       5… entries of the stream that are done
-- Returns 1 when it was ours, else 0.
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
local more
for i = 5, #ARGV do redis.call('XDEL', KEYS[3], ARGV[i]) end
if ARGV[4] == '' then more = redis.call('XLEN', KEYS[3]) > 0
else more = tonumber(redis.call('HGET', KEYS[3], 'last') or '0') > tonumber(ARGV[4]) end
if more then
  local t = redis.call('TIME')
  redis.call('ZADD', KEYS[1], string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000) + tonumber(ARGV[3])), ARGV[1])
else
  redis.call('ZREM', KEYS[1], ARGV[1])
  -- An empty stream would keep its name, in which a person's number stands.
  if ARGV[4] == '' then redis.call('DEL', KEYS[3]) end
end
return 1
