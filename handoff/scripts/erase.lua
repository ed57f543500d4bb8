-- One conversation, gone at once: its keys, its places in the lists, its entries on the streams.
--
-- KEYS  1 tombstone  2 erasures  3 state
-- ARGV  1 plan, JSON:
--         id        the conversation
--         ttl       seconds that nothing of it may come back
--         record    JSON text of what is still to be done
--         keys      keys to delete
--         sets      list of {key, member} of sorted sets
--         hashes    list of {key, field} of hashes
--         passed    hash whose fields begin with the conversation
--         alerts    hash whose values name the conversation
--         streams   list of streams that may hold entries of it
--         needles   texts by which an entry is known to be one
--         channel   where to publish; notice: what
--
-- Returns 1 when there was a conversation, else 0.
local plan = cjson.decode(ARGV[1])
local there = redis.call('EXISTS', KEYS[3])
redis.call('SET', KEYS[1], '1', 'EX', plan.ttl)
redis.call('HSET', KEYS[2], plan.id, plan.record)

for _, key in ipairs(plan.keys) do redis.call('DEL', key) end
for _, place in ipairs(plan.sets) do redis.call('ZREM', place[1], place[2]) end
for _, place in ipairs(plan.hashes) do redis.call('HDEL', place[1], place[2]) end
for _, field in ipairs(redis.call('HKEYS', plan.passed)) do
  if string.sub(field, 1, #plan.id + 1) == plan.id .. ' ' then redis.call('HDEL', plan.passed, field) end
end
local alerts = redis.call('HGETALL', plan.alerts)
for i = 1, #alerts, 2 do
  if string.find(alerts[i + 1], plan.id, 1, true) then redis.call('HDEL', plan.alerts, alerts[i]) end
end

local function by_name(flat)
  local found = {}
  for i = 1, #flat, 2 do found[flat[i]] = flat[i + 1] end
  return found
end

local function is_of_it(fields)
  for _, value in ipairs(fields) do
    for _, needle in ipairs(plan.needles) do
      if string.find(value, needle, 1, true) then return true end
    end
  end
  return false
end

-- A stream is written anew: what XDEL takes away stays in memory, and in the file, until all its neighbours have gone.
local function scrub(key)
  if redis.call('EXISTS', key) == 0 or redis.call('XLEN', key) == 0 then return end
  local rows = redis.call('XRANGE', key, '-', '+')
  local info = by_name(redis.call('XINFO', 'STREAM', key))
  local groups, kept = {}, {}
  for _, flat in ipairs(redis.call('XINFO', 'GROUPS', key)) do
    local group = by_name(flat)
    group.pending = redis.call('XPENDING', key, group.name, '-', '+', 1000000)
    group.members = redis.call('XINFO', 'CONSUMERS', key, group.name)
    groups[#groups + 1] = group
  end
  redis.call('DEL', key)
  for _, row in ipairs(rows) do
    if not is_of_it(row[2]) then
      redis.call('XADD', key, row[1], unpack(row[2]))
      kept[row[1]] = true
    end
  end
  for _, group in ipairs(groups) do
    redis.call('XGROUP', 'CREATE', key, group.name, group['last-delivered-id'], 'MKSTREAM')
    for _, flat in ipairs(group.members) do
      redis.call('XGROUP', 'CREATECONSUMER', key, group.name, by_name(flat).name)
    end
    for _, one in ipairs(group.pending) do
      if kept[one[1]] then
        redis.call('XCLAIM', key, group.name, one[2], 0, one[1], 'IDLE', one[3], 'RETRYCOUNT', one[4], 'FORCE', 'JUSTID')
      end
    end
  end
  if redis.call('EXISTS', key) == 1 then redis.call('XSETID', key, info['last-generated-id']) end
end
for _, key in ipairs(plan.streams) do scrub(key) end

redis.call('PUBLISH', plan.channel, plan.notice)
return there
