-- The tracker from its checkpoint on.
-- KEYS: 1 tracker, 2 checkpoint, 3 inbox. ARGV: 1 group, 2 consumer, 3 entry that the tracker is loaded for ('' none).
-- Returns: length of the whole list (-1 when the entry is not this consumer's any more: then nothing need be run),
--          the checkpoint's JSON ('' when there is none), the events after it.
if ARGV[3] ~= '' then
  local pending = redis.call('XPENDING', KEYS[3], ARGV[1], ARGV[3], ARGV[3], 1)
  if #pending == 0 or pending[1][2] ~= ARGV[2] then
    return {-1, '', {}}
  end
end
local checkpoint = redis.call('GET', KEYS[2])
local from = 0
if checkpoint then
  from = cjson.decode(checkpoint)['at']
end
return {redis.call('LLEN', KEYS[1]), checkpoint or '', redis.call('LRANGE', KEYS[1], from, -1)}
