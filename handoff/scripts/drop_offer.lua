-- Take an offer back: declined by its agent, or past its lease. The agent is asked last for a while.
--
-- KEYS  1 offers  2 passed  3 where the answer to the agent's request is remembered, if anywhere
-- ARGV  1 conversation  2 id of the offer  3 "declined", or "lapsed" for one that must be past its lease  4 pause, ms
--       5 channel of notices  6 the answer  7 seconds for which it is remembered
-- Returns 1 when it was taken back, now or by the same request before, else 0.
if KEYS[3] and redis.call('EXISTS', KEYS[3]) == 1 then return 1 end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local raw = redis.call('HGET', KEYS[1], ARGV[1])
if not raw then return 0 end
local offer = cjson.decode(raw)
if offer.id ~= ARGV[2] or (ARGV[3] == 'lapsed' and offer.until_ms > now) then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
local until_ms = string.format('%.0f', now + tonumber(ARGV[4]))
redis.call('HSET', KEYS[2], ARGV[1] .. ' ' .. offer.agent, until_ms)
if KEYS[3] then redis.call('SET', KEYS[3], ARGV[6], 'EX', ARGV[7]) end
-- With the pause: a dispatcher that hears of this must not ask the same agent again before it has looked.
redis.call('PUBLISH', ARGV[5], '{"offer_gone":' .. raw .. ',"passed_until_ms":' .. until_ms .. '}')
return 1
