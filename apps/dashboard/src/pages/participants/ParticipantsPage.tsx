// Whom the coordinator calls, and how each of them is; of the databases among them also what is
// prepared there, and whether they are fit for it.
import type { ParticipantHealthView } from '@concordat/wire/operations';
import { isInTrouble } from '@concordat/wire/operations';
import { useQuery } from '@tanstack/react-query';
import { IconAffiliate, IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { participantsQuery } from '../../api/queries.js';
import { Answered } from '../../components/Answered.js';
import { ActionDialog } from '../../components/action/ActionDialog.js';
import type { Action } from '../../components/action/ActionDialog.js';
import { DataTable } from '../../components/DataTable.js';
import { EmptyState } from '../../components/EmptyState.js';
import { Notice } from '../../components/Notice.js';
import { plural } from '../../components/numbers.js';
import { Page } from '../../components/Page.js';
import { Panel } from '../../components/Panel.js';
import { healthWords } from '../../components/words.js';
import { columnsFor } from './columns.js';
import classes from './Participants.module.css';
import { ResourceManager } from './ResourceManager.js';

export function ParticipantsPage() {
  const query = useQuery(participantsQuery());
  return (
    <Page title="Participants" missing={query.data?.missing}>
      <Answered query={query} what="the participants">
        {({ items }) => <Content participants={items} />}
      </Answered>
    </Page>
  );
}

interface ContentProps {
  readonly participants: readonly ParticipantHealthView[];
}

function Content({ participants }: ContentProps) {
  const [action, setAction] = useState<Action>();
  const databases = participants.flatMap(({ resourceManager }) => resourceManager ?? []);
  if (participants.length === 0) {
    return (
      <EmptyState icon={IconAffiliate} title="No participant is registered">
        They are named when the coordinator starts: see CONCORDAT_PARTICIPANTS and
        CONCORDAT_RESOURCE_MANAGERS in docs/OPERATIONS.md.
      </EmptyState>
    );
  }
  return (
    <>
      <Summary participants={participants} />
      <Panel title="Who is called" flush>
        <DataTable
          label="Participants, the worst first"
          columns={columnsFor(setAction)}
          rows={participants}
          rowKey={({ name }) => name}
          rowTone={({ health }) => {
            const { tone } = healthWords[health];
            return tone === 'fine' ? 'neutral' : tone;
          }}
          empty={null}
        />
      </Panel>
      {databases.length > 0 && (
        <section
          className={classes['databases']}
          aria-label="Databases in which branches are prepared"
        >
          {databases.map((one) => (
            <ResourceManager key={one.name} status={one} />
          ))}
        </section>
      )}
      <ActionDialog action={action} onClose={() => setAction(undefined)} />
    </>
  );
}

/** The page in one sentence. */
function Summary({ participants }: ContentProps) {
  const wrong = participants.filter(isInTrouble);
  const paused = participants.filter((one) => one.paused !== null);
  const held = paused.length === 0 ? '' : ` ${inWords(paused, 'is paused', 'are paused')}.`;
  if (wrong.length === 0) {
    return (
      <Notice tone={paused.length === 0 ? 'fine' : 'wait'} icon={IconCircleCheck}>
        <strong>
          {plural(participants.length, 'participant', 'participants')}, none in trouble.
        </strong>
        {held}
      </Notice>
    );
  }
  return (
    <Notice
      tone={
        wrong.some(({ health }) => healthWords[health].tone === 'danger') ? 'danger' : 'attention'
      }
      icon={IconAlertTriangle}
    >
      <strong>
        {inWords(wrong, 'does not answer as it should', 'do not answer as they should')}.
      </strong>
      {held}
    </Notice>
  );
}

/** `bank-a and bank-b do …`; of many, how many. */
function inWords(
  participants: readonly ParticipantHealthView[],
  one: string,
  many: string,
): string {
  const names = participants.map(({ name }) => name);
  if (names.length > 3) return `${names.length} participants ${many}`;
  return `${names.join(' and ')} ${names.length === 1 ? one : many}`;
}
