-- Takes one token from each bucket; a bucket that has none stays as it is.
-- KEYS: the buckets, hashes of tokens and the time (ms) of the last look.
-- ARGV: for each its capacity and the milliseconds in which one token comes back.
-- Returns for each the milliseconds until it has a token again, 0 when one was taken.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local waits = {}
for index, key in ipairs(KEYS) do
  local capacity, each = tonumber(ARGV[2 * index - 1]), tonumber(ARGV[2 * index])
  local known = redis.call('HMGET', key, 'tokens', 'at')
  local tokens = capacity
  if known[1] then
    tokens = math.min(capacity, tonumber(known[1]) + math.max(0, now - tonumber(known[2])) / each)
  end
  if tokens >= 1 then
    tokens = tokens - 1
    waits[index] = 0
  else
    waits[index] = math.ceil((1 - tokens) * each)
  end
  redis.call('HSET', key, 'tokens', tostring(tokens), 'at', now)
  redis.call('PEXPIRE', key, math.ceil(capacity * each) + 1000)
end
return waits
