-- Offer a waiting conversation to one agent, unless it does not wait, is offered, or the agent has no room.
--
-- KEYS  1 offers  2 queue  3 assigned
-- ARGV  1 conversation  2 agent  3 capacity  4 lease, ms  5 id  6 why, JSON list  7 channel of notices
-- Returns 1 when it is offered now, else 0.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if not redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 0 end
local has = 0
local offers = redis.call('HGETALL', KEYS[1])
for i = 1, #offers, 2 do
  local offer = cjson.decode(offers[i + 1])
  if offer.until_ms > now then
    if offers[i] == ARGV[1] then return 0 end
    if offer.agent == ARGV[2] then has = has + 1 end
  end
end
for _, holder in ipairs(redis.call('HVALS', KEYS[3])) do
  if holder == ARGV[2] then has = has + 1 end
end
if has >= tonumber(ARGV[3]) then return 0 end
local offer = '{"id":' .. cjson.encode(ARGV[5]) .. ',"conversation":' .. cjson.encode(ARGV[1]) ..
  ',"agent":' .. cjson.encode(ARGV[2]) .. ',"until_ms":' .. string.format('%.0f', now + tonumber(ARGV[4])) ..
  ',"why":' .. ARGV[6] .. '}'
redis.call('HSET', KEYS[1], ARGV[1], offer)
redis.call('PUBLISH', ARGV[7], '{"offer":' .. offer .. '}')
return 1
