// Under which name a branch is to be prepared, where its participant is a resource manager. Pure.
import type { ParticipantRef, Record, ResourceManager } from '@concordat/engine';
import type { BranchId } from '@concordat/protocols';
import type { ResourceView } from '@concordat/wire';
import { gidOf, xidOf } from '@concordat/wire';

type Kind = ResourceManager['kind'];

export class ResourceNames {
  private readonly kinds: ReadonlyMap<string, Kind>;

  /** @param cluster the journal's own id */
  constructor(
    private readonly cluster: string,
    resourceManagers: readonly Pick<ResourceManager, 'name' | 'kind'>[],
  ) {
    this.kinds = new Map(resourceManagers.map(({ name, kind }) => [name, kind]));
  }

  /** @returns undefined if it is not for whoever works in the branch to prepare it */
  of(
    { gtid, definition }: Record,
    branch: BranchId,
    participant: ParticipantRef,
  ): ResourceView | undefined {
    if (definition.protocol !== '2pc' || typeof participant !== 'string') return undefined;
    const kind = this.kinds.get(participant);
    const name = { cluster: this.cluster, gtid, branch };
    switch (kind) {
      case 'postgres':
        return { kind, gid: gidOf(name) };
      case 'mysql':
        return { kind, ...xidOf(name) };
      case undefined:
        return undefined;
    }
  }
}
