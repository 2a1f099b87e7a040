// Every change of the schema since the first, in order. Forward only: a mistake is mended by the
// next migration, and one that has been released is never edited. The list is explicit, so that
// it is the same from source, from `dist` and in a bundle.
import type { MigrationInterface } from 'typeorm';
import { CreateJournal } from './0001-create-journal.js';

export const migrations: readonly (new () => MigrationInterface)[] = [CreateJournal];
