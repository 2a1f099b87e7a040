export { fastifyHandler, fastifyParticipant } from './fastify-participant.js';
export type { FastifyParticipantOptions } from './fastify-participant.js';
