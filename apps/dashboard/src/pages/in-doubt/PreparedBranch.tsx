import { Anchor } from '@mantine/core';
import type { InDoubtItemView } from '@concordat/wire/operations';
import { IconArrowRight, IconLockQuestion } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useMay } from '../../api/session.js';
import { StateBadge, WordBadge } from '../../components/Badges.js';
import { Copyable } from '../../components/Copyable.js';
import { Fact, Facts } from '../../components/Facts.js';
import { GuardedButton, takes } from '../../components/GuardedButton.js';
import { Notice } from '../../components/Notice.js';
import { plural } from '../../components/numbers.js';
import { sentence } from '../../components/text.js';
import { Age } from '../../components/Time.js';
import { Held } from '../transaction/Blocks.js';
import classes from './InDoubt.module.css';
import { standingWords } from './standings.js';

interface PreparedBranchProps {
  readonly item: InDoubtItemView;
  readonly onEnd: () => void;
}

export function PreparedBranch({ item, onEnd }: PreparedBranchProps) {
  const { standing, gid, gtid, branch, reason, resourceManager } = item;
  return (
    <article
      className={classes['branch']}
      data-tone={standingWords[standing].tone}
      aria-label={`${gid} in ${resourceManager}`}
    >
      <header className={classes['head']}>
        <div className={classes['name']}>
          <WordBadge {...standingWords[standing]} />
          <strong>
            {branch === undefined ? '' : `${branch} `}in {resourceManager}
          </strong>
          {item.blocks.sessionsTotal > 0 && (
            <StateBadge tone="danger">
              blocks {plural(item.blocks.sessionsTotal, 'session', 'sessions')}
            </StateBadge>
          )}
        </div>
        <Acts item={item} onEnd={onEnd} />
      </header>
      <p className={classes['reason']}>{sentence(reason)}</p>
      <WhatIsKnown item={item} />
      <p className={classes['gid']}>
        <Copyable text={gid} what={gtid === undefined ? 'its name' : 'its name there'} />
      </p>
      <WhatItHolds item={item} />
    </article>
  );
}

function Acts({
  item: { gtid, ours, phase, standing, mayEnd, whyNot },
  onEnd,
}: PreparedBranchProps) {
  const may = useMay('transactions.resolve', '*');
  const refusal = mayEnd ? takes('transactions.resolve (for all tenants)', may) : whyNot;
  return (
    <div className={classes['acts']}>
      {ours && gtid !== undefined && phase !== undefined && (
        <Anchor
          fz="sm"
          fw={600}
          className={classes['open'] ?? ''}
          renderRoot={(props) => <Link to="/transactions/$gtid" params={{ gtid }} {...props} />}
        >
          its transaction ({phase.replaceAll('-', ' ')}){' '}
          <IconArrowRight size={14} aria-hidden="true" />
        </Anchor>
      )}
      {standing !== 'others' && (
        <GuardedButton
          size="xs"
          variant={mayEnd ? 'filled' : 'default'}
          whyNot={refusal === undefined ? undefined : sentence(refusal)}
          onClick={onEnd}
        >
          End it …
        </GuardedButton>
      )}
    </div>
  );
}

function WhatIsKnown({
  item: { ageMs, owner, database, blocks, whyNot, mayEnd },
}: Pick<PreparedBranchProps, 'item'>) {
  return (
    <Facts>
      <Fact name="Prepared for">
        {ageMs === undefined ? 'it does not say' : <Age ms={ageMs} />}
      </Fact>
      {owner !== undefined && <Fact name="By the user">{owner}</Fact>}
      {database !== undefined && <Fact name="Database">{database}</Fact>}
      <Fact name="Holds">
        {blocks.known ? plural(blocks.locks.length, 'lock', 'locks') : 'not known'}
      </Fact>
      {!mayEnd && whyNot !== undefined && <Fact name="Not ended here">{sentence(whyNot)}</Fact>}
    </Facts>
  );
}

/** Open where somebody waits; where nobody does, one looks if one wants to. */
function WhatItHolds({ item: { blocks, gid } }: Pick<PreparedBranchProps, 'item'>) {
  const { reason = 'It could not be asked.', unseen } = blocks;
  if (!blocks.known) {
    return (
      <Notice tone="attention" icon={IconLockQuestion}>
        <strong>What it holds is not known.</strong> {sentence(reason)} {unseen}
      </Notice>
    );
  }
  if (blocks.locks.length === 0 && blocks.sessionsTotal === 0 && unseen === undefined) {
    return null;
  }
  return (
    <details className={classes['holds']} open={blocks.sessionsTotal > 0}>
      <summary>What it holds, and who waits</summary>
      <div className={classes['held']}>
        <Held blocks={blocks} label={`Sessions that wait for ${gid}, the longest waiting first`} />
      </div>
    </details>
  );
}
