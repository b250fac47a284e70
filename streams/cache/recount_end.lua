-- Ends a recount: what was made anew takes the place of what there was, all at once.
--
-- KEYS: 1  the rebuild under way (a hash)
--       2  the counts
--       3  the counts made anew, and
--       4  the moves made anew (hashes)
--       ...  the hashes of the days that are to be replaced
-- ARGV: 1  the recount: otherwise nothing is done
--       2  the last day of which the topic does not hold all, or ''
--       3  what is before a day in the key of its hash
--       4  seconds to keep it
-- Returns 1, or 0 where this recount is not under way any more; a list of keys, and nothing is done,
-- where keys that are to be replaced hold what is not ours.

if redis.call('HGET', KEYS[1], 'recount') ~= ARGV[1] then return 0 end

local foreign = {}
for i, key in ipairs(KEYS) do
  local reply = i ~= 1 and redis.pcall('HLEN', key)
  if type(reply) == 'table' and reply.err then foreign[#foreign + 1] = key end
end
if #foreign > 0 then return foreign end

redis.call('HDEL', KEYS[1], 'recount')

for _, key in ipairs({KEYS[3], KEYS[4]}) do redis.call('HDEL', key, '') end
redis.call('DEL', KEYS[2])
if redis.call('EXISTS', KEYS[3]) == 1 then
  redis.call('PERSIST', KEYS[3])
  redis.call('RENAME', KEYS[3], KEYS[2])
end

for i = 5, #KEYS do redis.call('DEL', KEYS[i]) end
local moves = redis.call('HGETALL', KEYS[4])
for i = 1, #moves, 2 do
  local day, field = string.sub(moves[i], 1, 10), string.sub(moves[i], 11)
  if day > ARGV[2] then
    redis.call('HSET', ARGV[3] .. day, field, moves[i + 1])
    redis.call('EXPIRE', ARGV[3] .. day, ARGV[4])
  end
end
redis.call('DEL', KEYS[4])
return 1
