import { ENCODE } from './encode.js';

/**
 * Reads for a handler, and says by which digest COMMIT knows the reply again.
 *
 * KEYS[1] the key. ARGV: the command, and its arguments after the key.
 * Returns the digest and the reply.
 */
export const READ = `${ENCODE}
local reply = redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))
return {digestOf(reply), reply}`;
