-- A write that changes nothing that counts: the WAIT behind it covers everything written before it.
--
-- KEYS  1 a remembered answer
-- ARGV  1 seconds to remember it
return redis.call('EXPIRE', KEYS[1], ARGV[1])
