-- Writes what is new of one customer: the card, never over a newer one, and transitions.
--
-- KEYS: the card (a hash), the history (a stream); both of one customer, so of one hash slot.
-- ARGV: 1  version of the card, or '' when there is none to write
--       2  most transitions to keep
--       3  seconds to remember that a customer is gone
--       4  names and values of the card by turns, a JSON list of texts; '': the customer is gone
--       ...  for each transition: its offset, and its names and values in the same way
-- Returns 0 where the card held is newer than the one to write, else 1.
--
-- An entry's id is <offset>-1: Redis takes no 0-0, and there is an offset 0.
-- Any order of calls, any of them twice, leaves what their order by offset would leave.

local card, history = KEYS[1], KEYS[2]
local held, gone = unpack(redis.call('HMGET', card, 'version', 'gone'))

local function write_card()
  local fields = cjson.decode(ARGV[4])
  redis.call('HSET', card, unpack(fields))
  if redis.call('HLEN', card) ~= #fields / 2 then  -- the one before had more, or was a tombstone
    redis.call('DEL', card)
    redis.call('HSET', card, unpack(fields))
  end
end

local function bury()
  redis.call('DEL', card, history)
  redis.call('HSET', card, 'version', ARGV[1], 'gone', '1')
  redis.call('EXPIRE', card, ARGV[3])
end

-- A tier that comes from nowhere is a customer's first: what lies before was another life, which
-- ended with its card, and must not come back when everything is read again from the beginning.
local function opens_a_life(fields)
  local first, from = false, nil
  for i = 1, #fields, 2 do
    if fields[i] == 'kind' then first = fields[i + 1] == 'tier' end
    if fields[i] == 'old' then from = fields[i + 1] end
  end
  return first and not from
end

local function offset_of(entry)
  return tonumber(string.match(entry[1], '^%d+'))
end

local function add(entry)
  if opens_a_life(entry[2]) then redis.call('DEL', history) end
  redis.call('XADD', history, 'MAXLEN', '=', ARGV[2], entry[1], unpack(entry[2]))
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
  redis.call('DEL', history)
  for _, each in ipairs(entries) do add(each) end
end

local function write_transition(entry)
  local newest = redis.call('XREVRANGE', history, '+', '-', 'COUNT', 1)[1]
  if newest and offset_of(newest) >= offset_of(entry) then
    put_between(entry)
  else
    add(entry)
  end
end

local version, stands = tonumber(ARGV[1]), 1
if version and held and tonumber(held) > version then
  stands = 0
elseif version and held ~= ARGV[1] then
  gone = ARGV[4] == ''
  if gone then bury() else write_card() end
  held = ARGV[1]
end

-- Whoever has no card is gone: transitions come after the card that they belong to.
if held and not gone then
  for i = 5, #ARGV, 2 do write_transition({ARGV[i] .. '-1', cjson.decode(ARGV[i + 1])}) end
end
return stands
