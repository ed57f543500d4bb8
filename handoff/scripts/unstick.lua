-- A conversation whose entry is gone from the bot's inbox would wait for ever: move its next message up.
--
-- KEYS  1 bot:inbox  2 bot:busy  3 bot:wait
-- Returns 1 when it was stuck, else 0.
local entry = redis.call('GET', KEYS[2])
if not entry or #redis.call('XRANGE', KEYS[1], entry, entry) > 0 then return 0 end
local message = redis.call('LPOP', KEYS[3])
if message then redis.call('SET', KEYS[2], redis.call('XADD', KEYS[1], '*', 'data', message))
else redis.call('DEL', KEYS[2]) end
return 1
