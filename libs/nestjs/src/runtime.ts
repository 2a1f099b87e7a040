// What stands behind the module: made once, as soon as Nest knows all classes and has made none.
//
//   declared classes ─▶ plans ─▶ faults: the start stops
//                         │
//                         ├─ embedded:  participants of this process ─▶ coordinator ─▶ Concordat
//                         └─ client:    participants over HTTP, and the REST client ─▶ Concordat
import { ConcordatMisconfigured } from './boot-fault.js';
import type { Concordat } from './concordat.js';
import { Surrounding } from './current.js';
import type { Declared } from './marks.js';
import { optionFaults } from './option-faults.js';
import type { ConcordatOptions } from './options.js';
import type { Made, Ports } from './participants.js';
import { participantsOf } from './participants.js';
import type { Plan } from './plans.js';
import { planned } from './plans.js';
import { openClient } from './runtime-client.js';
import { openEmbeddedRuntime } from './runtime-embedded.js';

/** One way of using Concordat, opened. */
export interface Runtime {
  readonly concordat: Concordat;
  readonly surrounding: Surrounding;
  /** Takes up what has been left: the application's classes can be called from here on. */
  start(): void;
  close(): Promise<void>;
  /** What the coordinator calls over HTTP; undefined where it calls nothing so. */
  readonly served: Served | undefined;
}

export interface Served {
  readonly made: readonly Made[];
  /** The path of each is this, a slash, and its name. */
  readonly prefix: string;
  /** With which the coordinator's calls may be signed; none: anybody may call. */
  readonly secrets: readonly string[];
}

export interface Parts {
  readonly surrounding: Surrounding;
  readonly plans: readonly Plan[];
  readonly made: readonly Made[];
  readonly troubled: (where: string, error: unknown) => void;
}

export type Outside = Pick<Ports, 'instanceOf'> & Pick<Parts, 'troubled'>;

/** @throws ConcordatMisconfigured with everything that is wrong with the classes */
export async function openRuntime(
  options: ConcordatOptions,
  classes: readonly Declared[],
  { instanceOf, troubled }: Outside,
): Promise<Runtime> {
  const { databases = {}, propagateTo = [] } = options;
  const participants = options.mode === 'embedded' ? (options.participants ?? {}) : {};
  const { plans, faults } = planned(classes, {
    mode: options.mode,
    databases: new Set(Object.keys(databases)),
    taken: new Set(Object.keys(participants)),
    propagates: propagateTo.length > 0,
  });
  const all = [...optionFaults(options), ...faults];
  if (all.length > 0) throw new ConcordatMisconfigured(all);
  const surrounding = new Surrounding();
  const ports: Ports = {
    surrounding,
    instanceOf,
    databaseOf: (name) => databases[name] as NonNullable<(typeof databases)[string]>,
    report: (error, { branch, gtid }) => troubled(`branch ${branch} of ${gtid}`, error),
  };
  const made = plans.flatMap((plan) => participantsOf(plan, ports));
  const parts = { surrounding, plans, made, troubled };
  return options.mode === 'embedded'
    ? openEmbeddedRuntime(options, parts)
    : openClient(options, parts);
}
