// Whatever is prepared in any database that is registered, asked live: ours, orphans, and what
// belongs to others. What blocks somebody stands open.
import { Button, Select } from '@mantine/core';
import type { InDoubtItemView, InDoubtListView } from '@concordat/wire/operations';
import { useQuery } from '@tanstack/react-query';
import { IconCircleCheck, IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import { inDoubtQuery } from '../../api/queries.js';
import { useFlatSearch } from '../../app/search.js';
import { Answered } from '../../components/Answered.js';
import { EmptyState } from '../../components/EmptyState.js';
import { count } from '../../components/numbers.js';
import { Page } from '../../components/Page.js';
import { Panel } from '../../components/Panel.js';
import { Time } from '../../components/Time.js';
import { EndDialog } from './EndDialog.js';
import classes from './InDoubt.module.css';
import { Nothing } from './Nothing.js';
import { PreparedBranch } from './PreparedBranch.js';
import type { Standing } from './standings.js';
import { isStanding, standings, standingWords } from './standings.js';
import { Summary } from './Summary.js';

export function InDoubtPage() {
  const query = useQuery(inDoubtQuery());
  return (
    <Page
      title="In doubt"
      missing={query.data?.missing}
      aside={
        <>
          {query.data !== undefined && (
            <span className={classes['asked']}>
              every registered database asked <Time at={query.data.at} />
            </span>
          )}
          <Button
            size="xs"
            variant="default"
            leftSection={<IconRefresh size={15} />}
            loading={query.isFetching && query.data !== undefined}
            onClick={() => void query.refetch()}
          >
            Ask again
          </Button>
        </>
      }
    >
      <Answered query={query} what="what is prepared in each database">
        {(list) => <Content list={list} />}
      </Answered>
    </Page>
  );
}

function Content({ list }: { readonly list: InDoubtListView }) {
  const [ended, setEnded] = useState<InDoubtItemView>();
  const isComplete = list.missing.length === 0;
  return (
    <>
      {list.items.length === 0 ? (
        <Nothing isComplete={isComplete} />
      ) : (
        <Prepared items={list.items} isComplete={isComplete} onEnd={setEnded} />
      )}
      <EndDialog item={ended} onClose={() => setEnded(undefined)} />
    </>
  );
}

interface PreparedProps {
  readonly items: readonly InDoubtItemView[];
  readonly isComplete: boolean;
  readonly onEnd: (item: InDoubtItemView) => void;
}

function Prepared({ items, isComplete, onEnd }: PreparedProps) {
  const [search, setSearch] = useFlatSearch();
  const standing = isStanding(search['standing']) ? search['standing'] : undefined;
  const resourceManager = search['in'];
  const shown = items.filter(
    (item) =>
      (standing === undefined || item.standing === standing) &&
      (resourceManager === undefined || item.resourceManager === resourceManager),
  );
  return (
    <>
      <Summary items={items} isComplete={isComplete} />
      <Filters
        items={items}
        standing={standing}
        resourceManager={resourceManager}
        onChange={setSearch}
      />
      {standings.map((one) => (
        <Group
          key={one}
          standing={one}
          items={shown.filter((item) => item.standing === one)}
          onEnd={onEnd}
        />
      ))}
      {shown.length === 0 && (
        <EmptyState icon={IconCircleCheck} title="Nothing is prepared that matches">
          Choose another database, or another standing.
        </EmptyState>
      )}
    </>
  );
}

interface FiltersProps {
  readonly items: readonly InDoubtItemView[];
  readonly standing: Standing | undefined;
  readonly resourceManager: string | undefined;
  readonly onChange: (change: Readonly<Record<string, string | undefined>>) => void;
}

function Filters({ items, standing, resourceManager, onChange }: FiltersProps) {
  const names = [...new Set(items.map((item) => item.resourceManager))].toSorted();
  const counts = Map.groupBy(items, (item) => item.standing);
  const choices = standings.map((value) => ({
    value,
    label: `${standingWords[value].label} (${count(counts.get(value)?.length ?? 0)})`,
  }));
  return (
    <search aria-label="Filter what is prepared" className={classes['filters']}>
      <Select
        size="xs"
        label="Standing"
        placeholder={`any (${count(items.length)})`}
        clearable
        data={choices}
        value={standing ?? null}
        onChange={(value) => onChange({ standing: value ?? undefined })}
      />
      <Select
        size="xs"
        label="Database"
        placeholder={`any (${count(names.length)})`}
        clearable
        data={names}
        value={resourceManager ?? null}
        onChange={(value) => onChange({ in: value ?? undefined })}
      />
    </search>
  );
}

const SHOWN_FIRST = 30;

interface GroupProps {
  readonly standing: Standing;
  readonly items: readonly InDoubtItemView[];
  readonly onEnd: (item: InDoubtItemView) => void;
}

function Group({ standing, items, onEnd }: GroupProps) {
  const [shownMax, setShownMax] = useState(SHOWN_FIRST);
  if (items.length === 0) return null;
  const more = items.length - shownMax;
  return (
    <Panel
      title={standingWords[standing].title}
      flush
      aside={<span className="soft">{count(items.length)}</span>}
    >
      <ul className={classes['list']}>
        {items.slice(0, shownMax).map((item) => (
          <li key={`${item.resourceManager} ${item.gid}`}>
            <PreparedBranch item={item} onEnd={() => onEnd(item)} />
          </li>
        ))}
      </ul>
      {more > 0 && (
        <div className={classes['more']}>
          <Button
            size="compact-sm"
            variant="subtle"
            onClick={() => setShownMax(shownMax + SHOWN_FIRST)}
          >
            Show more ({count(more)} are not shown)
          </Button>
        </div>
      )}
    </Panel>
  );
}
