// The module in a unit test: the application's sagas and participants on the real engine, with a
// journal in memory, and time that the test moves. No network; no database but those it is given.
//
//   const app = await Test.createTestingModule({
//     imports: [ConcordatTestingModule.forRoot()], providers: [Checkout],
//   }).compile();
//   const testing = app.get(ConcordatTesting);
//
// W1. `transaction(work)` runs the work as it is: nothing is prepared, nothing is in doubt.
import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, ModuleRef } from '@nestjs/core';
import { LocalClient, ResourceNames } from '@concordat/embedded';
import type { LocalParts } from '@concordat/embedded';
import type { Registration } from '@concordat/participants';
import { Directory, InProcessParticipants, UrlAllowList } from '@concordat/participants';
import { defaultLimits } from '@concordat/engine';
import type { DataSource } from 'typeorm';
import { ensureBarriers } from '../barriers.js';
import { ConcordatMisconfigured } from '../boot-fault.js';
import { Concordat } from '../concordat.js';
import { Surrounding, traceparentOf } from '../current.js';
import { seenIn } from '../discovery.js';
import { participantsOf } from '../participants.js';
import type { Plan } from '../plans.js';
import { planned } from '../plans.js';
import { ConcordatTesting } from './concordat-testing.js';

export interface TestingOptions {
  /** For classes with `database`: their barrier is in there. */
  readonly databases?: Readonly<Record<string, DataSource>>;
  /** Told of what has left a call in doubt. */
  readonly troubled?: (where: string, error: unknown) => void;
}

const LIMITS = { branchesMax: defaultLimits.branchesMax, payloadBytesMax: 262_144 };
const CLUSTER = '00000000';
const TESTING_PARTS = Symbol('Concordat testing');

interface Opened {
  readonly testing: ConcordatTesting;
  readonly concordat: Concordat;
}

@Module({})
export class ConcordatTestingModule {
  static forRoot(options: TestingOptions = {}): DynamicModule {
    return {
      module: ConcordatTestingModule,
      global: true,
      imports: [DiscoveryModule],
      providers: [
        {
          provide: TESTING_PARTS,
          inject: [DiscoveryService, ModuleRef],
          useFactory: (discovery: DiscoveryService, moduleRef: ModuleRef) =>
            open(options, discovery, moduleRef),
        },
        {
          provide: Concordat,
          inject: [TESTING_PARTS],
          useFactory: ({ concordat }: Opened) => concordat,
        },
        {
          provide: ConcordatTesting,
          inject: [TESTING_PARTS],
          useFactory: ({ testing }: Opened) => testing,
        },
      ],
      exports: [Concordat, ConcordatTesting],
    };
  }
}

async function open(
  { databases = {}, troubled = () => undefined }: TestingOptions,
  discovery: DiscoveryService,
  moduleRef: ModuleRef,
): Promise<Opened> {
  const { declared, instanceOf } = seenIn(discovery, moduleRef);
  const names = new Set(Object.keys(databases));
  const surroundings = { mode: 'embedded', taken: new Set<string>(), propagates: true } as const;
  const { plans, faults } = planned([...declared], { ...surroundings, databases: names });
  if (faults.length > 0) throw new ConcordatMisconfigured(faults);
  const surrounding = new Surrounding();
  const made = plans.flatMap((plan) =>
    participantsOf(plan, {
      databaseOf: (name) => databases[name] as DataSource,
      instanceOf,
      surrounding,
      report: (error, { branch }) => troubled(`branch ${branch}`, error),
    }),
  );
  await ensureBarriers(plans, databases);
  const participants = new InProcessParticipants();
  for (const one of made) participants.register(one.name, one.participant);
  const registry = made.map(({ name }): [string, Registration] => [name, { kind: 'in-process' }]);
  const testing = new ConcordatTesting({
    participants,
    troubled,
    clientOf: ({ engine }, journal) =>
      new LocalClient({
        engine,
        reader: journal as unknown as LocalParts['reader'], // it has what the client asks
        directory: new Directory(new Map(registry), UrlAllowList.of([])),
        names: new ResourceNames(CLUSTER, []),
        limits: LIMITS,
      }),
  });
  return { testing, concordat: concordatOf(testing, plans, surrounding) };
}

function concordatOf(
  testing: ConcordatTesting,
  plans: readonly Plan[],
  surrounding: Surrounding,
): Concordat {
  const within = { gtid: CLUSTER, traceparent: traceparentOf(CLUSTER) };
  const ports = {
    plans,
    refOf: (name: string) => name,
    surrounding,
    health: async () => ({ isReachable: true, reason: undefined, unreachable: [], stuck: 0 }),
    get client() {
      return testing.client; // of whoever lives
    },
  };
  return new Concordat(
    { run: (work) => (surrounding.own ? work() : surrounding.runOwn(within, work)) }, // W1
    ports,
  );
}
