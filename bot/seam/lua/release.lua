-- Hands back what is pending under this consumer, so that the next reader takes it at once, and leaves the group.
-- DELCONSUMER with entries pending would lose them: it comes last, and only when nothing is left.
-- KEYS: 1 inbox. ARGV: 1 group, 2 consumer, 3 the name that handed-back entries rest under, 4 their idle milliseconds.
-- Returns: how many were handed back.
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 10000, ARGV[2])
for _, item in ipairs(pending) do
  redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], 0, item[1], 'IDLE', ARGV[4], 'RETRYCOUNT', item[4], 'JUSTID')
end
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) == 0 then
  redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
end
return #pending
