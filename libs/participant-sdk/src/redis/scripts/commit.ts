import { ENCODE } from './encode.js';

/**
 * The fence, the work and the record of the reply, in one: the row moves from the token that was
 * seen to that of the call, if everything that the handler has read still reads the same.
 *
 * KEYS[1] the barrier's row; from KEYS[2] on, whatever is read or written.
 * ARGV[1] the plan as JSON: `seen`, the token of the row as it was ('' if there was no row);
 * `token`, `operation`, `work` and `reply` as they are to be; `reads` and `writes`, whose `key` is
 * an index of KEYS.
 *
 * Returns 'done'; 'moved' if the row has another token; 'changed' if something reads otherwise;
 * 'impossible: …' if a write would fail. In all cases but the first, nothing was written.
 *
 * Redis rolls nothing back. So every write is tried out on paper first: does it fit what is at the
 * key, or what the writes before it will have left there? Is what it counts a number, and does it
 * stay one? May this user run it? Only then is anything written, the row first: if memory is short,
 * that is what is refused, and once a script has written, none of its writes is.
 */
export const COMMIT = `${ENCODE}
local plan = cjson.decode(ARGV[1])
local row = KEYS[1]
if (redis.call('HGET', row, 'token') or '') ~= plan.seen then return 'moved' end
for _, read in ipairs(plan.reads) do
  local reply = redis.pcall(read.command, KEYS[read.key], unpack(read.args))
  if type(reply) == 'table' and reply.err then return 'changed' end
  if digestOf(reply) ~= read.digest then return 'changed' end
end

local kindFor = {
  INCRBY = 'string', HSET = 'hash', HDEL = 'hash', HINCRBY = 'hash', SADD = 'set', SREM = 'set',
  ZADD = 'zset', ZREM = 'zset', RPUSH = 'list', XADD = 'stream'
}
local NUMBER_MAX = 2 ^ 53 - 1
local kinds, emptied, texts = {}, {}, {}

-- What is in its way, if anything is.
local function obstacleOf(write)
  local key, kind = write.key, kindFor[write.command]
  if kind == nil then -- SET and DEL fit whatever is there
    kinds[key] = write.command == 'SET' and 'string' or 'none'
    emptied[key], texts[key] = true, {}
    return nil
  end
  local held = kinds[key] or redis.call('TYPE', KEYS[key]).ok
  if held ~= 'none' and held ~= kind then return held end
  kinds[key] = kind
  texts[key] = texts[key] or {}
end

local function textAt(key, field)
  local text = texts[key][field]
  if text == nil and not emptied[key] then
    if kinds[key] == 'string' then text = redis.call('GET', KEYS[key])
    else text = redis.call('HGET', KEYS[key], field) end
  end
  return text or '0'
end

local function counts(key, field, by)
  local text = textAt(key, field)
  if text ~= '0' and not string.match(text, '^%-?[1-9]%d*$') then return false end
  local sum = tonumber(text) + tonumber(by)
  if math.abs(tonumber(text)) > NUMBER_MAX or math.abs(sum) > NUMBER_MAX then return false end
  texts[key][field] = string.format('%.0f', sum)
  return true
end

for _, write in ipairs(plan.writes) do
  local command, key, args = write.command, write.key, write.args
  local what = 'impossible: ' .. command .. ' of ' .. KEYS[key]
  if redis.acl_check_cmd and not redis.acl_check_cmd(command, KEYS[key], unpack(args)) then
    return what .. ', which this user may not'
  end
  local obstacle = obstacleOf(write)
  if obstacle then return what .. ', which is a ' .. obstacle end
  if command == 'SET' then texts[key][''] = args[1] end
  if command == 'HSET' then
    for index = 1, #args, 2 do texts[key][args[index]] = args[index + 1] end
  end
  if command == 'HDEL' then
    for _, field in ipairs(args) do texts[key][field] = '0' end
  end
  local isCounted = true
  if command == 'INCRBY' then isCounted = counts(key, '', args[1]) end
  if command == 'HINCRBY' then isCounted = counts(key, args[1], args[2]) end
  if not isCounted then return what .. ', which is no number, or too large a one' end
end

local at = redis.call('TIME')
redis.call('HSET', row, 'token', plan.token, 'operation', plan.operation, 'work', plan.work,
  'reply', plan.reply, 'at', at[1])
for _, write in ipairs(plan.writes) do
  redis.call(write.command, KEYS[write.key], unpack(write.args))
end
return 'done'`;
