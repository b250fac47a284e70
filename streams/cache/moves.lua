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
-- Returns 1, or 0 where somebody else writes now. Where keys of ours hold what is not ours: a list of
-- 1 and those keys. Nothing is counted in them, and nothing at all where KEYS[1] is one.
--
-- Events come in their order and come again after a fault; what lies before the next offset was
-- counted. Whoever recounts takes the events before the offset that they began at from the topic,
-- and those after it from here.

if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end

local foreign, is_foreign = {}, {}

-- Runs a command on a key. Nothing comes back where the key holds another type than the command's, or
-- a value that is no number: the key is named, and the rest goes on.
local function try(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  local is_ours = not (string.find(reply.err, 'WRONGTYPE', 1, true)
    or string.find(reply.err, 'not an integer', 1, true)
    or string.find(reply.err, 'would overflow', 1, true))
  if is_ours then error(reply) end
  if not is_foreign[key] then
    is_foreign[key] = true
    foreign[#foreign + 1] = key
  end
  return nil
end

local next_offset = tonumber(try('HGET', KEYS[1], ARGV[3]) or 0) or 0
if #foreign > 0 then return {1, unpack(foreign)} end

local days = {}
for _, move in ipairs(cjson.decode(ARGV[4])) do
  local offset, day, field = unpack(move)
  if offset >= next_offset then
    days[day] = days[day] or {}
    days[day][field] = (days[day][field] or 0) + 1
    next_offset = offset + 1
  end
end

local recount = try('HGET', KEYS[3], 'recount')
redis.call('HSET', KEYS[1], ARGV[3], string.format('%.0f', next_offset))
for day, fields in pairs(days) do
  local key = ARGV[5] .. day
  local is_ours = try('HLEN', key)
  for field, count in pairs(fields) do
    if is_ours then try('HINCRBY', key, field, count) end
    if recount then try('HINCRBY', ARGV[7] .. recount .. ':moves', day .. field, count) end
  end
  if is_ours then redis.call('EXPIRE', key, ARGV[6]) end
end
return #foreign > 0 and {1, unpack(foreign)} or 1
