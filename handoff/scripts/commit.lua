-- One request's effect on one conversation, whole or not at all.
--
-- KEYS  1 state  2 log  3 answer of this request's id  4 queue  5 due  6 index  7 assigned  8 buttons
--       9 bot:inbox  10 bot:busy  11 bot:wait  12 bot:events  13 messenger:out  14 erased
-- ARGV  1 plan, JSON:
--         id        the conversation
--         version   the version the decision was made on
--         state     the new state, JSON text
--         last      the new highest sequence number
--         from      the first new sequence number
--         entries   list of JSON texts, numbered from `from` on
--         answer    JSON text to remember for the request's id, or false
--         ttl       seconds to remember it
--         score     place in the queue, or false when it is not queued
--         agent     assignee's id, or false
--         due       milliseconds until the bot is late; 0 leaves the deadline, false removes it
--         buttons   map of id to JSON text
--         inbox     list of JSON texts for the bot, in order
--         took      entry id on bot:events that this settles, or false
--         group     consumer group of the hubs
--         channel   where to publish the notice, or false: who asked publishes it when replicas have it
--         confirm   whether a repeated answer must reach replicas, too
--         offers    hash of offers; offer: the id of the one that this accepts, or false
--         channels  hash of assigned conversations' channels; on: the channel of this one
--         room      capacity of the new assignee: in all and on the channel (false: no limit), or false
--         marks     list of (sorted set, score or false): where this conversation stands, or stands no more
--         alerts    hash of alerts; raised: map of id to JSON text; ended: list of ids
--         window    how many call-backs may stand at the score of the first mark, or false
--         send      whether Messenger's sender has to look at the log
--         handled   list of a list's key, a line for it and how many it keeps, or false
--         who       who asks, for the turn
--         lost      times this request was stale; from `patience` on it asks for the turn
--         patience  see lost
--         turn      milliseconds that the turn stands
--       2 notice to publish, JSON text
--
-- Returns {'done', now_ms} | {'seen', answer} | {'stale', state or ''} | {'wait', ms} | {'full', what} | {'gone'}
--         | {'erased'}: nothing of this conversation may come back.
--
-- The turn: of two processes that write to one conversation at once, the one that decides on its own last write is
-- always a step ahead of the one that has to hear the new state first. Who has lost `patience` times is let in before
-- all others; a turn that is not used passes by itself.
local plan = cjson.decode(ARGV[1])
if redis.call('EXISTS', KEYS[14]) == 1 then
  if plan.took then
    redis.call('XACK', KEYS[12], plan.group, plan.took)
    redis.call('XDEL', KEYS[12], plan.took)
  end
  return {'erased'}
end
if plan.answer then
  local seen = redis.call('GET', KEYS[3])
  if seen then
    -- A write, so that the WAIT behind it covers what was written the first time.
    if plan.confirm then redis.call('EXPIRE', KEYS[3], plan.ttl) end
    if plan.took then
      redis.call('XACK', KEYS[12], plan.group, plan.took)
      redis.call('XDEL', KEYS[12], plan.took)
    end
    return {'seen', seen}
  end
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)

local found = redis.call('HMGET', KEYS[1], 'version', 'turn', 'turn_until')
local version = tonumber(found[1] or '0')
local turn = found[2] and tonumber(found[3]) > now and found[2]
if version ~= plan.version then
  if version > 0 and plan.lost >= plan.patience and not turn then
    redis.call('HSET', KEYS[1], 'turn', plan.who, 'turn_until', string.format('%.0f', now + plan.turn))
  end
  return {'stale', redis.call('HGET', KEYS[1], 'state') or ''}
end
if turn and turn ~= plan.who then return {'wait', tostring(tonumber(found[3]) - now)} end

if plan.offer then
  local raw = redis.call('HGET', plan.offers, plan.id)
  local offer = raw and cjson.decode(raw)
  if not offer or offer.id ~= plan.offer or offer.until_ms <= now then return {'gone'} end
end
if plan.room and plan.agent and redis.call('HGET', KEYS[7], plan.id) ~= plan.agent then
  local has, on_channel = 0, 0
  local assigned = redis.call('HGETALL', KEYS[7])
  for i = 1, #assigned, 2 do
    if assigned[i + 1] == plan.agent then
      has = has + 1
      if plan.room.on_channel and redis.call('HGET', plan.channels, assigned[i]) == plan.on then
        on_channel = on_channel + 1
      end
    end
  end
  if has >= plan.room.capacity then return {'full', 'capacity'} end
  if plan.room.on_channel and on_channel >= plan.room.on_channel then return {'full', 'channel'} end
end
if plan.window then
  local mark = plan.marks[1]
  local score = string.format('%.0f', mark.score)
  local own = redis.call('ZSCORE', mark.key, plan.id)
  if not (own and tonumber(own) == mark.score) and redis.call('ZCOUNT', mark.key, score, score) >= plan.window then
    return {'full', 'window'}
  end
end
redis.call('HSET', KEYS[1], 'version', version + 1, 'last', plan.last, 'state', plan.state)
if found[2] then redis.call('HDEL', KEYS[1], 'turn', 'turn_until') end
for i, entry in ipairs(plan.entries) do
  redis.call('XADD', KEYS[2], string.format('%d-0', plan.from + i - 1), 'e', entry)
end
for button, value in pairs(plan.buttons) do redis.call('HSET', KEYS[8], button, value) end
if plan.answer then redis.call('SET', KEYS[3], plan.answer, 'EX', plan.ttl) end
if plan.score then redis.call('ZADD', KEYS[4], string.format('%.0f', plan.score), plan.id)
else redis.call('ZREM', KEYS[4], plan.id) end
if plan.agent then
  redis.call('HSET', KEYS[7], plan.id, plan.agent)
  redis.call('HSET', plan.channels, plan.id, plan.on)
else
  redis.call('HDEL', KEYS[7], plan.id)
  redis.call('HDEL', plan.channels, plan.id)
end
if not plan.score then redis.call('HDEL', plan.offers, plan.id) end
for _, mark in ipairs(plan.marks) do
  if mark.score then redis.call('ZADD', mark.key, string.format('%.0f', mark.score), plan.id)
  else redis.call('ZREM', mark.key, plan.id) end
end
for id, alert in pairs(plan.raised) do redis.call('HSET', plan.alerts, id, alert) end
for _, id in ipairs(plan.ended) do redis.call('HDEL', plan.alerts, id) end
if not plan.due then redis.call('ZREM', KEYS[5], plan.id)
elseif plan.due > 0 then redis.call('ZADD', KEYS[5], string.format('%.0f', now + plan.due), plan.id) end
redis.call('ZADD', KEYS[6], string.format('%.0f', now), plan.id)
if plan.send then redis.call('ZADD', KEYS[13], 'NX', string.format('%.0f', now), plan.id) end
for _, message in ipairs(plan.inbox) do
  if redis.call('EXISTS', KEYS[10]) == 1 then redis.call('RPUSH', KEYS[11], message)
  else redis.call('SET', KEYS[10], redis.call('XADD', KEYS[9], '*', 'data', message)) end
end
if plan.took then
  redis.call('XACK', KEYS[12], plan.group, plan.took)
  redis.call('XDEL', KEYS[12], plan.took)
end
if plan.handled then
  redis.call('LPUSH', plan.handled[1], plan.handled[2])
  redis.call('LTRIM', plan.handled[1], 0, plan.handled[3] - 1)
end
if plan.channel then redis.call('PUBLISH', plan.channel, ARGV[2]) end
return {'done', tostring(now)}
