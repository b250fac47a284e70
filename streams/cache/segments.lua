-- Forgets segments that have no members: nobody has to be taken out of them.
--
-- KEYS: the segments ever known (a set)
-- ARGV: 1 what is before, and
--       2 after a segment's name in the key of its members

local names = redis.call('SMEMBERS', KEYS[1])
redis.call('DEL', KEYS[1])
for _, name in ipairs(names) do
  if redis.call('ZCARD', ARGV[1] .. name .. ARGV[2]) > 0 then redis.call('SADD', KEYS[1], name) end
end
return 1
