-- Takes over entries whose process has not renewed them. The delivery count is how many times the entry was begun, and
-- decides when a message that brings processes down is given up; an entry that was handed back costs none.
-- KEYS: 1 inbox. ARGV: 1 group, 2 consumer, 3 idle milliseconds, 4 most to take,
--       5 the name that handed-back entries rest under, 6 '1' to take what is pending under this consumer's own name,
--       however short a time, 7… entries in flight here, which are left alone.
-- Returns: {entry, delivery count, data} triples; data is '' where the entry has been deleted from the stream.
local mine, most, taken = ARGV[6] == '1', tonumber(ARGV[4]), {}
local flying = {}
for i = 7, #ARGV do
  flying[ARGV[i]] = true
end
local function take(pending)
  for _, item in ipairs(pending) do
    if #taken >= most then
      return
    end
    local entry, owner, count = item[1], item[2], tonumber(item[4])
    if not flying[entry] then
      if owner ~= ARGV[5] and owner ~= ARGV[2] then
        count = count + 1
      end
      redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, entry, 'RETRYCOUNT', count, 'JUSTID')
      local found = redis.call('XRANGE', KEYS[1], entry, entry)
      local data = ''
      if #found == 1 then
        data = found[1][2][2]
      end
      taken[#taken + 1] = {entry, count, data}
    end
  end
end
if mine then
  take(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1000, ARGV[2]))
end
take(redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[3], '-', '+', most + #ARGV))
return taken
