-- Begins a recount: from now on whoever writes a card or counts an event does so in the new counts
-- as well.
--
-- KEYS: 1  the rebuild under way (a hash)
--       2  how far the events of each partition are counted (a hash: partition -> next offset)
--       3  how far Redis is filled (a hash: place -> next offset)
--       4  the counts made anew, and
--       5  the moves made anew (hashes)
-- ARGV: 1  who rebuilds: otherwise nothing is done; the recount is named after them
--       2  seconds after which what is made anew goes by itself, should nobody end it
--       ...  for each partition: its number, and the place of its events
-- Returns for each partition the offset of the first event that comes to the new moves by itself;
-- nothing where somebody else rebuilds.
--
-- What is not counted yet and lies before the position never comes: it was read before anything was
-- counted. So counting goes on at the position then.

if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return {} end
redis.call('HSET', KEYS[1], 'recount', ARGV[1])
for _, key in ipairs({KEYS[4], KEYS[5]}) do
  redis.call('HSET', key, '', '0')
  redis.call('EXPIRE', key, ARGV[2])
end

local firsts = {}
for i = 3, #ARGV, 2 do
  local counted = tonumber(redis.call('HGET', KEYS[2], ARGV[i]) or 0) or 0
  local position = tonumber(redis.call('HGET', KEYS[3], ARGV[i + 1]) or 0) or 0
  firsts[#firsts + 1] = math.max(counted, position)
  redis.call('HSET', KEYS[2], ARGV[i], string.format('%.0f', firsts[#firsts]))
end
return firsts
