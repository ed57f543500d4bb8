-- Append lines to the audit log, if the one who made them knew its end.
--
-- KEYS  1 audit
-- ARGV  1 the number of the first new line  2 the hash of the line before it
--       3… text and hash of each new line, in order
--
-- Returns {'done'} | {'stale', last number, last hash}.
--
-- The last number is the highest the stream ever had: where the end was cut off, the next line leaves a gap that shows.
local seq, hash = 0, ''
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then seq = tonumber(string.match(info[i + 1], '^(%d+)')) end
  end
  local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
  if last[1] then hash = last[1][2][4] end
end
if seq + 1 ~= tonumber(ARGV[1]) or hash ~= ARGV[2] then return {'stale', tostring(seq), hash} end
for i = 3, #ARGV, 2 do
  redis.call('XADD', KEYS[1], string.format('%d-0', seq + (i - 1) / 2), 'l', ARGV[i], 'h', ARGV[i + 1])
end
return {'done'}
