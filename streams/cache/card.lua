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
--       14 what the card is counted as: fields of the counts with tabs between, in slots by line
--       15 what is before a recount's name in the key of its counts
--       16 the offset from which they are all there are, where ARGV[13] says before which
--       17 entries of the history that cannot be, a JSON list of their ids
--       ...  for each transition: its offset, and its names and values as the card's
-- Returns 1, or 0 where somebody else writes now. Where keys of ours hold what is not ours: a list of
-- whether the customer was written (1 or 0), and those keys. Nothing of a customer is written whose
-- card or history is such a key; where others are, all is written but for them.
--
-- An entry's id is <offset>-1: Redis takes no 0-0, and there is an offset 0.
-- Any order of calls, any of them twice, leaves what their order by offset would leave.

if redis.call('HGET', KEYS[4], ARGV[1]) ~= ARGV[2] then return 0 end

local card, history, customer = KEYS[1], KEYS[2], ARGV[3]

local foreign, is_foreign = {}, {}  -- keys that hold what is not ours: in order, and as a set

local function name_foreign(key)
  if not is_foreign[key] then
    is_foreign[key] = true
    foreign[#foreign + 1] = key
  end
end

-- Runs a command on a key. Nothing comes back where the key holds another type than the command's, or
-- a value that is no number: the key is named, and the rest goes on.
local function try(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  local is_ours = not (string.find(reply.err, 'WRONGTYPE', 1, true)
    or string.find(reply.err, 'not an integer', 1, true)
    or string.find(reply.err, 'would overflow', 1, true))
  if is_ours then error(reply) end
  name_foreign(key)
  return nil
end

-- Both are looked at before anything is written, as a script that fails takes nothing back.
local known = try('HMGET', card, 'version', 'gone', 'counted', 'recount')
try('XREVRANGE', history, '+', '-', 'COUNT', 1)
if #foreign > 0 then return {0, unpack(foreign)} end

local held, gone, counted, recounted = unpack(known)
local is_rebuild = KEYS[4] == KEYS[6]
-- The name of a recount that is under way, or none.
local recount = try('HGET', KEYS[6], 'recount')

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
  if is_rebuild then redis.call('PERSIST', card) end
end

local function bury()
  redis.call('DEL', card, history)
  redis.call('HSET', card, 'version', ARGV[4], 'gone', '1')
  redis.call('EXPIRE', card, ARGV[6])
end

local function add_slot(by, slot, step)
  for field in string.gmatch(slot, '[^\t]+') do by[field] = (by[field] or 0) + step end
end

-- Both are slots of fields, most of which are the same, place for place.
local function count(counts, was, is)
  if was == is then return end
  local by, before = {}, string.gmatch(was, '[^\n]+')
  for slot in string.gmatch(is, '[^\n]+') do
    local old = before()
    if old ~= slot then
      add_slot(by, slot, 1)
      if old then add_slot(by, old, -1) end
    end
  end
  for old in before do add_slot(by, old, -1) end
  for field, step in pairs(by) do
    if step ~= 0 and try('HINCRBY', counts, field, step) == 0 then
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
    try('SADD', KEYS[3], name)
    try('ZADD', ARGV[10] .. name .. ARGV[11], ARGV[8], customer)
  end
  for _, name in ipairs(try('SMEMBERS', KEYS[3]) or {}) do
    if not stands[name] then try('ZREM', ARGV[10] .. name .. ARGV[11], customer) end
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

local function is_added(entry)
  if opens_a_life(entry[2]) then redis.call('DEL', history) end
  local reply =
    redis.pcall('XADD', history, 'MAXLEN', '=', ARGV[12], entry[1], unpack(entry[2]))
  if type(reply) ~= 'table' or not reply.err then return true end
  if not string.find(reply.err, 'equal or smaller', 1, true) then error(reply) end
  return false
end

local function write_anew(entries)
  redis.call('DEL', history)
  for _, each in ipairs(entries) do is_added(each) end
end

-- A stream takes no entry before the last that it ever had: make it anew with this one in its place.
-- That is rare: a process that was held up and comes late, one that fills an emptied Redis after
-- writing its last batch, or a last entry that was removed by hand.
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
  if newest and offset_of(newest) >= offset_of(entry) or not is_added(entry) then
    put_between(entry)
  end
end

local function transitions()
  local given = {}
  for i = 18, #ARGV, 2 do
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

-- What is given is all from an offset to another; what is held from there on came since, and stays
-- unless it cannot be.
local function replace_between(from, before)
  local entries, held, impossible = {}, redis.call('XRANGE', history, '-', '+'), {}
  for _, id in ipairs(cjson.decode(ARGV[17])) do impossible[id] = true end
  local function keep(is_kept)
    for _, entry in ipairs(held) do
      if is_kept(offset_of(entry)) and not impossible[entry[1]] then
        entries[#entries + 1] = entry
      end
    end
  end
  keep(function(offset) return offset < from end)
  for _, entry in ipairs(transitions()) do entries[#entries + 1] = entry end
  keep(function(offset) return offset >= before end)
  if not are_same(entries, held) then write_anew(entries) end
  redis.call('PERSIST', history)
end

if held == ARGV[5] or held and not string.match(held, '^%-?%d+$') then held = false end

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
  replace_between(tonumber(ARGV[16]), tonumber(ARGV[13]))
else
  for _, entry in ipairs(transitions()) do write_transition(entry) end
end
return #foreign > 0 and {1, unpack(foreign)} or 1
