-- A write that changes nothing that counts: the WAIT behind it covers everything written before it.
--
-- KEYS  1 a remembered answer
-- ARGV  1 seconds to remember it
-- Returns 1, or 0 when it is not there: nothing was written then, and the WAIT covers nothing.
return redis.call('EXPIRE', KEYS[1], ARGV[1])
