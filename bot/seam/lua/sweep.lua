-- Removes consumers of processes that are gone: nothing pending, and silent for long.
-- KEYS: 1 inbox. ARGV: 1 group, 2 this consumer, 3 the name that handed-back entries rest under, 4 idle milliseconds.
-- Returns: the names removed.
local removed = {}
for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local info = {}
  for i = 1, #flat, 2 do
    info[flat[i]] = flat[i + 1]
  end
  if info['pending'] == 0 and info['idle'] > tonumber(ARGV[4]) and info['name'] ~= ARGV[2] and info['name'] ~= ARGV[3] then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], info['name'])
    removed[#removed + 1] = info['name']
  end
end
return removed
