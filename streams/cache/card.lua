-- Writes what is new of one customer, all of it at once: the card, never over a newer one, what the
-- customer is counted as, the places among the members of segments, and transitions.
--
-- KEYS: 1  the card (a hash)
--       2  the history (a stream)
--       3  the segments ever known (a set)
--       4  who may write (a hash)
--       5  the counts (a hash)
--       6  the rebuild that is under way (a hash)
-- and the members (sorted sets) of the segments that KEYS[3] and ARGV[9] name.
-- ARGV: 1  field of KEYS[4], and
--       2  what it has to hold: otherwise somebody else writes now, and nothing is done
--       3  the customer
--       4  version of the card, or '' when there is none to write
--       5  a version that cannot be: a card that bears it counts as none; or ''
--       6  seconds to remember that a customer is gone
--       7  names and values of the card by turns, a JSON list of texts; '': the customer is gone
--       8  the score among members
--       9  segments that the card names, a JSON list
--       10 what is before, and
--       11 after a segment's name in the key of its members
--       12 most transitions to keep
--       13 the offset before which the transitions given are all there are, or '' when they are new
--       14 what the card is counted as: fields of the counts, one a line
--       15 what is before a recount's name in the key of its counts
--       ...  for each transition: its offset, and its names and values as the card's
-- Returns 1, or 0 where somebody else writes now.
--
-- An entry's id is <offset>-1: Redis takes no 0-0, and there is an offset 0.
-- Any order of calls, any of them twice, leaves what their order by offset would leave.

if redis.call('HGET', KEYS[4], ARGV[1]) ~= ARGV[2] then return 0 end

local card, history, customer = KEYS[1], KEYS[2], ARGV[3]

local held, gone, counted, recounted =
  unpack(redis.call('HMGET', card, 'version', 'gone', 'counted', 'recount'))
local recount = redis.call('HGET', KEYS[6], 'recount')  -- the name of one that is under way, or none

local function write_card()
  local fields = cjson.decode(ARGV[7])
  fields[#fields + 1] = 'counted'
  fields[#fields + 1] = ARGV[14]
  if recount then
    fields[#fields + 1] = 'recount'
    fields[#fields + 1] = recount
  end
  redis.call('HSET', card, unpack(fields))
  if redis.call('HLEN', card) ~= #fields / 2 then  -- the one before had more, or was a tombstone
    redis.call('DEL', card)
    redis.call('HSET', card, unpack(fields))
  end
end

local function bury()
  redis.call('DEL', card, history)
  redis.call('HSET', card, 'version', ARGV[4], 'gone', '1')
  redis.call('EXPIRE', card, ARGV[6])
end

local function count(counts, was, is)
  if was == is then return end
  local by = {}
  for field in string.gmatch(is, '[^\n]+') do by[field] = 1 end
  for field in string.gmatch(was, '[^\n]+') do by[field] = (by[field] or 0) - 1 end
  for field, step in pairs(by) do
    if step ~= 0 and redis.call('HINCRBY', counts, field, step) == 0 then
      redis.call('HDEL', counts, field)
    end
  end
end

-- Takes away what the card before was counted as and gives what this one is, so that the counts are
-- those of all cards at any moment. While somebody recounts, each card is added to the new counts
-- once: by whoever comes first, a writer or they.
local function write_counts()
  local was, is = counted or '', gone and '' or ARGV[14]
  count(KEYS[5], was, is)
  if recount then
    count(ARGV[15] .. recount .. ':counts', recounted == recount and was or '', is)
  end
end

-- Says everything of this version of the card: a member of the segments that it names, of no other
-- that Redis ever knew. So it does not matter what was there before.
local function write_members()
  local stands = {}
  for _, name in ipairs(cjson.decode(ARGV[9])) do
    stands[name] = true
    redis.call('SADD', KEYS[3], name)
    redis.call('ZADD', ARGV[10] .. name .. ARGV[11], ARGV[8], customer)
  end
  for _, name in ipairs(redis.call('SMEMBERS', KEYS[3])) do
    if not stands[name] then redis.call('ZREM', ARGV[10] .. name .. ARGV[11], customer) end
  end
end

-- A tier that comes from nowhere is a customer's first: what lies before was another life, which
-- ended with its card, and must not come back when everything is read again from the beginning.
-- (A trigger has a kind as well, but neither old nor new.)
local function opens_a_life(fields)
  local says = {}
  for i = 1, #fields, 2 do says[fields[i]] = fields[i + 1] end
  return says.kind == 'tier' and says.new and not says.old
end

local function offset_of(entry)
  return tonumber(string.match(entry[1], '^%d+'))
end

local function add(entry)
  if opens_a_life(entry[2]) then redis.call('DEL', history) end
  redis.call('XADD', history, 'MAXLEN', '=', ARGV[12], entry[1], unpack(entry[2]))
end

local function write_anew(entries)
  redis.call('DEL', history)
  for _, each in ipairs(entries) do add(each) end
end

-- A stream takes no entry before its last: make it anew with this one in its place. That is rare:
-- a process that was held up and comes late, or one that fills an emptied Redis after writing its
-- last batch.
local function put_between(entry)
  local at = offset_of(entry)
  local entries = redis.call('XRANGE', history, '-', '+')
  for i = 1, #entries + 1 do
    local here = entries[i] and offset_of(entries[i])
    if here == at then return end
    if not here or here > at then
      table.insert(entries, i, entry)
      break
    end
  end
  write_anew(entries)
end

local function write_transition(entry)
  local newest = redis.call('XREVRANGE', history, '+', '-', 'COUNT', 1)[1]
  if newest and offset_of(newest) >= offset_of(entry) then
    put_between(entry)
  else
    add(entry)
  end
end

local function transitions()
  local given = {}
  for i = 16, #ARGV, 2 do
    given[#given + 1] = {ARGV[i] .. '-1', cjson.decode(ARGV[i + 1])}
  end
  return given
end

local function are_same(some, others)
  if #some ~= #others then return false end
  for i, entry in ipairs(some) do
    if entry[1] ~= others[i][1] or #entry[2] ~= #others[i][2] then return false end
    for j, text in ipairs(entry[2]) do
      if text ~= others[i][2][j] then return false end
    end
  end
  return true
end

-- What is given is all before an offset; what is held from there on came since, and stays.
local function replace_before(offset)
  local entries, held = transitions(), redis.call('XRANGE', history, '-', '+')
  for _, entry in ipairs(held) do
    if offset_of(entry) >= offset then entries[#entries + 1] = entry end
  end
  if not are_same(entries, held) then write_anew(entries) end
end

if held == ARGV[5] then held = false end

local version = tonumber(ARGV[4])
if version and (tonumber(held) or -1) <= version then
  gone = ARGV[7] == ''
  if gone then bury() else write_card() end
  write_counts()
  write_members()
  held = ARGV[4]
end

-- Whoever has no card is gone: transitions come after the card that they belong to.
if not held or gone then
  if ARGV[13] ~= '' then redis.call('DEL', history) end
elseif ARGV[13] ~= '' then
  replace_before(tonumber(ARGV[13]))
else
  for _, entry in ipairs(transitions()) do write_transition(entry) end
end
return 1
