-- Says how far the cache is. Snapshot and day never go back.
--
-- KEYS: meta (a hash)
-- ARGV: 1 snapshot, 2 its rules, 3 day, as last seen; each '' when none was seen,
--       then for each place of ours: its name, how many records the cache is behind
-- `lag` is the sum over the places of all processes, as each last said.

local meta = KEYS[1]
local snapshot, day = unpack(redis.call('HMGET', meta, 'snapshot', 'day'))
local now = redis.call('TIME')

redis.call('HSET', meta, 'schema', '1',
  'updated_at', string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000)))
if ARGV[1] ~= '' and tonumber(ARGV[1]) >= (tonumber(snapshot or -1) or -1) then
  redis.call('HSET', meta, 'snapshot', ARGV[1], 'rules', ARGV[2])
end
if ARGV[3] > (day or '') then redis.call('HSET', meta, 'day', ARGV[3]) end
for i = 4, #ARGV, 2 do redis.call('HSET', meta, 'lag:' .. ARGV[i], ARGV[i + 1]) end

local lag, held = 0, redis.call('HGETALL', meta)
for i = 1, #held, 2 do
  if string.sub(held[i], 1, 4) == 'lag:' then lag = lag + (tonumber(held[i + 1]) or 0) end
end
redis.call('HSET', meta, 'lag', string.format('%.0f', lag))
return 1
