-- Keeps entries from being taken over while their turns run. A bare XCLAIM would steal them back from a process that
-- has taken them over, so only those still pending under this consumer are touched. The delivery count stays.
-- KEYS: 1 inbox. ARGV: 1 group, 2 consumer, 3… entries.
-- Returns: the entries that are no longer this consumer's.
local lost = {}
for i = 3, #ARGV do
  local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1)
  if #pending == 1 and pending[1][2] == ARGV[2] then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'JUSTID')
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
