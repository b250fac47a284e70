-- Moves our positions on, if they are still ours and Redis still holds what we wrote.
--
-- KEYS: the positions (a hash: place -> next offset, 'owner:' place -> who fills from there)
-- ARGV: 1  who we are, then for each place: its name, the offset we know to be held, the next one
-- Returns 1, or 0 with nothing written: another process fills from there, or Redis was emptied or
-- is back at an earlier state.

local positions = KEYS[1]
for i = 2, #ARGV, 3 do
  local owner, held = unpack(redis.call('HMGET', positions, 'owner:' .. ARGV[i], ARGV[i]))
  local offset = tonumber(held or '')
  if owner ~= ARGV[1] or not offset or offset < tonumber(ARGV[i + 1]) then return 0 end
end
for i = 2, #ARGV, 3 do
  if tonumber(ARGV[i + 2]) > tonumber(ARGV[i + 1]) then
    redis.call('HSET', positions, ARGV[i], ARGV[i + 2])
  end
end
return 1
