-- Some writes in one step, so that they share a flush of the disk with whatever else is written in that moment.
--
-- KEYS  those that are written
-- ARGV  1 JSON: a list of commands, each a list: the command's name, the number of its key, its arguments as text
-- Returns what the last command did.
local reply
for _, command in ipairs(cjson.decode(ARGV[1])) do
  local name, key = command[1], KEYS[command[2]]
  reply = redis.call(name, key, unpack(command, 3))
end
return reply
