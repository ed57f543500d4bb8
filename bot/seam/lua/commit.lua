-- One turn, saved, published and acknowledged, or nothing at all.
-- KEYS: 1 inbox, 2 events, 3 tracker, 4 checkpoint, 5 busy, 6 wait.
-- ARGV: 1 group, 2 consumer, 3 entry ('' outside a turn), 4 length of the tracker when it was loaded (-1: any),
--       5 checkpoint ('' to keep the old one), 6 outcome ('' for none), 7… events.
-- Returns: done | already (an earlier try of the same commit got in) | gone | stolen | conflict.
local entry, length, count = ARGV[3], tonumber(ARGV[4]), #ARGV - 6
if entry ~= '' then
  local pending = redis.call('XPENDING', KEYS[1], ARGV[1], entry, entry, 1)
  if #pending == 0 then
    if count > 0 and redis.call('LINDEX', KEYS[3], -1) == ARGV[#ARGV] then
      return 'already'
    end
    return 'gone'
  end
  if pending[1][2] ~= ARGV[2] then
    return 'stolen'
  end
end
local found = redis.call('LLEN', KEYS[3])
if length >= 0 and found ~= length then
  if entry == '' and count > 0 and found == length + count and redis.call('LINDEX', KEYS[3], -1) == ARGV[#ARGV] then
    return 'already'
  end
  return 'conflict'
end
for i = 7, #ARGV do
  redis.call('RPUSH', KEYS[3], ARGV[i])
end
if ARGV[5] ~= '' then
  redis.call('SET', KEYS[4], ARGV[5])
elseif found == 0 then
  redis.call('DEL', KEYS[4]) -- of a tracker that was erased
end
if ARGV[6] ~= '' then
  redis.call('XADD', KEYS[2], '*', 'data', ARGV[6])
end
if entry ~= '' then
  redis.call('XACK', KEYS[1], ARGV[1], entry)
  redis.call('XDEL', KEYS[1], entry)
  -- The conversation's next message comes onto the inbox only now: at most one entry of it is ever there.
  local following = redis.call('LPOP', KEYS[6])
  if following then
    redis.call('SET', KEYS[5], redis.call('XADD', KEYS[1], '*', 'data', following))
  else
    redis.call('DEL', KEYS[5])
  end
end
return 'done'
