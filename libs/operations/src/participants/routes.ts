// Holding participants back, and letting them go again.
import type { ActionResultView } from '@concordat/wire/operations';
import { ALL_TENANTS, plainRequestSchema } from '@concordat/wire/operations';
import type { OperatorRequest, Route } from '../api.js';
import { Refusal } from '../api.js';
import type { OperationsPorts, Run, Statement } from '../ports.js';
import { actorIn, bodyOf, nameOf } from '../requests.js';
import { PAUSE_PARTICIPANT } from '../statements/pause-participant.js';
import { RESUME_PARTICIPANT } from '../statements/resume-participant.js';

type Ports = Pick<OperationsPorts, 'store' | 'ids' | 'registered' | 'pauses'>;
type Verb = 'pause' | 'resume';

const EFFECTS: { readonly [V in Verb]: string } = {
  pause: 'Nobody calls it until it is resumed. Deadlines still decide.',
  resume: 'It is called again, within five seconds.',
};
const SUMMARIES: { readonly [V in Verb]: string } = {
  pause: 'Hold back all calls to a participant',
  resume: 'Let the calls to a participant go again',
};

export function participantRoutes(ports: Ports): readonly Route[] {
  return (['pause', 'resume'] as const).map((verb) => ({
    method: 'POST',
    path: `/v1/operations/participants/:name/${verb}`,
    permission: 'participants.operate',
    of: 'installation',
    summary: SUMMARIES[verb],
    answer: async (request) => ({ status: 200, body: await change(ports, request, verb) }),
  }));
}

async function change(
  ports: Ports,
  request: OperatorRequest,
  verb: Verb,
): Promise<ActionResultView> {
  const { reason, dryRun } = bodyOf(plainRequestSchema, request);
  const name = nameOf(request);
  // Who is paused may be resumed, though he is not registered any more.
  const isKnown =
    ports.registered().some((one) => one.name === name) || ports.pauses.of(name) !== undefined;
  if (!isKnown) throw new Refusal('unknown-participant', 'Nobody is registered under this name.');
  const isSo = (ports.pauses.of(name) !== undefined) === (verb === 'pause');
  if (isSo) return already(verb);
  if (dryRun) return { result: 'would', said: EFFECTS[verb] };
  return write(ports, request, { verb, name, reason });
}

interface Change {
  readonly verb: Verb;
  readonly name: string;
  readonly reason: string;
}

async function write(
  ports: Ports,
  request: OperatorRequest,
  { verb, name, reason }: Change,
): Promise<ActionResultView> {
  const actor = actorIn(request);
  const line = {
    id: ports.ids.next(),
    actor,
    action: `participant.${verb}`,
    stage: 'done' as const,
    tenant: ALL_TENANTS,
    target: { participant: name },
    reason,
  };
  const [statement, values]: [Statement, readonly unknown[]] =
    verb === 'pause'
      ? [PAUSE_PARTICIPANT, [name, actor.name, reason]]
      : [RESUME_PARTICIPANT, [name]];
  try {
    await ports.store.audited(line, async (run: Run) => {
      if ((await run(statement, values)).length === 0) throw new IsSo();
    });
  } catch (error) {
    if (error instanceof IsSo) return already(verb);
    throw error;
  }
  await ports.pauses.read();
  return { result: 'done', said: EFFECTS[verb], auditId: line.id };
}

/** Somebody else was faster. */
class IsSo extends Error {}

function already(verb: Verb): ActionResultView {
  const said = verb === 'pause' ? 'It is paused already.' : 'It is not paused.';
  return { result: 'unchanged', said };
}
