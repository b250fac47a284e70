-- Counts the segment events of a partition by day, each of them once.
--
-- KEYS: 1  how far each partition is counted (a hash: partition -> next offset)
--       2  who may write (a hash)
--       3  the rebuild that is under way (a hash)
-- ARGV: 1  field of KEYS[2], and
--       2  what it has to hold: otherwise somebody else writes now, and nothing is done
--       3  the partition
--       4  the events by offset: a JSON list of [offset, day, field of the day's hash]
--       5  what is before a day in the key of its hash
--       6  seconds to keep a day's hash after its last event
--       7  what is before a recount's name in the key of its moves
-- Returns 1, or 0 where somebody else writes now.
--
-- Events come in their order and come again after a fault; what lies before the next offset was
-- counted. Whoever recounts takes the events before the offset that they began at from the topic,
-- and those after it from here.

if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end

local next_offset = tonumber(redis.call('HGET', KEYS[1], ARGV[3]) or 0) or 0
local days = {}
for _, move in ipairs(cjson.decode(ARGV[4])) do
  local offset, day, field = unpack(move)
  if offset >= next_offset then
    days[day] = days[day] or {}
    days[day][field] = (days[day][field] or 0) + 1
    next_offset = offset + 1
  end
end

local recount = redis.call('HGET', KEYS[3], 'recount')
redis.call('HSET', KEYS[1], ARGV[3], string.format('%.0f', next_offset))
for day, fields in pairs(days) do
  for field, count in pairs(fields) do
    redis.call('HINCRBY', ARGV[5] .. day, field, count)
    if recount then
      redis.call('HINCRBY', ARGV[7] .. recount .. ':moves', day .. field, count)
    end
  end
  redis.call('EXPIRE', ARGV[5] .. day, ARGV[6])
end
return 1
