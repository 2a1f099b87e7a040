/**
 * One text for every reply of a command, so that two of them can be compared: nil, integers, texts
 * with their lengths, lists with theirs. A part of READ and of COMMIT.
 */
export const ENCODE = `
local function encode(reply)
  local kind = type(reply)
  if kind == 'string' then return '$' .. #reply .. ':' .. reply end
  if kind == 'number' then return ':' .. string.format('%.0f', reply) end
  if kind ~= 'table' then return '_' end
  local parts = {}
  for index = 1, #reply do parts[index] = encode(reply[index]) end
  return '*' .. #reply .. ':' .. table.concat(parts)
end
local function digestOf(reply) return redis.sha1hex(encode(reply)) end`;
