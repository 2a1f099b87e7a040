// What operations need, made of the coordinator's parts.
import type { Operations, OperationsPorts, Pauses, Store } from '@concordat/operations';
import { openAlerts, openOperations } from '@concordat/operations';
import type { OpenParticipants } from '@concordat/embedded';
import { journalView, ResourceNames, transactionView } from '@concordat/embedded';
import type { Engine } from '@concordat/engine';
import { systemTimers } from '@concordat/engine';
import type { OpenJournal } from '@concordat/journal';
import type { WebhookSender } from '@concordat/participants';
import type { Recovery } from '@concordat/recovery';
import { v7 as uuidv7 } from 'uuid';
import type { Config } from '../config.js';
import { resourceManagerView } from '../resource-managers/views.js';
import { registeredIn } from './registered.js';

export interface OperationsParts {
  readonly journal: OpenJournal;
  readonly cluster: string;
  readonly participants: OpenParticipants;
  readonly config: Pick<Config, 'participants' | 'access'>;
  readonly webhooks: WebhookSender;
  readonly engine: Engine;
  readonly recovery: Recovery;
  readonly pauses: Pauses;
  readonly troubled: (where: string, error: unknown) => void;
}

export function storeOf({ database, audited }: Pick<OpenJournal, 'database' | 'audited'>): Store {
  return {
    run: (statement, values) => database.run(statement, values),
    audited: (line, work) => audited(line, work),
  };
}

/** Nothing of it is started. */
export function operationsOf(parts: OperationsParts): Operations {
  const { journal, cluster, participants, engine, recovery, pauses, troubled } = parts;
  const registered = registeredIn(parts.config.participants);
  const names = new ResourceNames(cluster, participants.resourceManagers);
  const ports: OperationsPorts = {
    engine,
    store: storeOf(journal),
    recovery,
    resourceManagers: participants.resourceManagers,
    participants: participants.participants,
    pauses,
    forgottenBefore: () => journal.reader.forgottenBefore(),
    views: {
      transaction: (record) => transactionView(record, names),
      journal: journalView,
      resourceManager: resourceManagerView,
    },
    registered: () => registered,
    cluster,
    clock: journal.clock,
    timers: systemTimers,
    ids: { next: () => uuidv7() },
    troubled,
  };
  const { webhooks, config } = parts;
  const { publicUrl } = config.access;
  return openOperations(ports, ({ situation }) =>
    openAlerts({ ...ports, situation, webhooks, publicUrl }),
  );
}
