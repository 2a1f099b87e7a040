// The whole page in one sentence.
import type { InDoubtItemView } from '@concordat/wire/operations';
import { IconAlertOctagon, IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { Notice } from '../../components/Notice.js';
import { plural } from '../../components/numbers.js';
import type { Tone } from '../../components/words.js';

interface SummaryProps {
  readonly items: readonly InDoubtItemView[];
  readonly isComplete: boolean;
}

const icons: Partial<Record<Tone, typeof IconAlertOctagon>> = {
  danger: IconAlertOctagon,
  attention: IconAlertTriangle,
};

export function Summary({ items, isComplete }: SummaryProps) {
  const databases = new Set(items.map(({ resourceManager }) => resourceManager)).size;
  const sessions = items.reduce((sum, { blocks }) => sum + blocks.sessionsTotal, 0);
  const unknown = items.filter(({ blocks }) => !blocks.known).length;
  const orphans = items.filter(({ standing }) => standing === 'orphaned').length;
  const tone = sessions > 0 ? 'danger' : orphans > 0 ? 'attention' : 'neutral';
  return (
    <Notice tone={tone} icon={icons[tone] ?? IconCircleCheck}>
      <strong>
        {plural(items.length, 'branch is', 'branches are')} prepared in{' '}
        {plural(databases, 'database', 'databases')}
        {isComplete ? '' : ' of those that could be asked'};{' '}
        {sessions === 0 ? 'no session waits' : plural(sessions, 'session waits', 'sessions wait')}.
      </strong>{' '}
      {orphans > 0 &&
        `${plural(orphans, 'is an orphan', 'are orphans')}: nobody will end ${orphans === 1 ? 'it' : 'them'} but a person. `}
      {unknown > 0 &&
        `Of ${plural(unknown, 'one', 'of them')} it is not known what ${unknown === 1 ? 'it holds' : 'they hold'}.`}
    </Notice>
  );
}
