-- Adds a card to the new counts, unless it is part of them.
--
-- KEYS: 1  the card (a hash)
--       2  the rebuild under way (a hash)
--       3  the counts made anew (a hash)
-- ARGV: 1  the recount: otherwise nothing is done
-- Returns 1, or 0 where this recount is not under way any more.

if redis.call('HGET', KEYS[2], 'recount') ~= ARGV[1] then return 0 end
local counted, recounted = unpack(redis.call('HMGET', KEYS[1], 'counted', 'recount'))
if counted and recounted ~= ARGV[1] then
  for field in string.gmatch(counted, '[^\n]+') do redis.call('HINCRBY', KEYS[3], field, 1) end
  redis.call('HSET', KEYS[1], 'recount', ARGV[1])
end
return 1
