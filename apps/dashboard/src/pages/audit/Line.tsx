// One line of the audit, whole.
import { Modal } from '@mantine/core';
import type { AuditItemView } from '@concordat/wire/operations';
import { WordBadge } from '../../components/Badges.js';
import { Copyable, CopyableBlock } from '../../components/Copyable.js';
import type { LabelledLine } from '../../components/Lines.js';
import { Lines } from '../../components/Lines.js';
import { legible } from '../../components/text.js';
import { absolute } from '../../components/moments.js';
import { stageWords } from '../../components/words.js';
import { Target } from './columns.js';

interface LineProps {
  /** Undefined: the dialog is closed. */
  readonly item: AuditItemView | undefined;
  readonly onClose: () => void;
}

export function Line({ item, onClose }: LineProps) {
  return (
    <Modal
      opened={item !== undefined}
      onClose={onClose}
      title={item === undefined ? '' : `Line ${item.seq} of the audit`}
      size="xl"
    >
      {item !== undefined && <Whole item={item} />}
    </Modal>
  );
}

function Whole({ item }: { readonly item: AuditItemView }) {
  const { at, actor, address, requestId, action, stage, tenant, target, reason, hash, id } = item;
  const lines: readonly LabelledLine[] = [
    ['When', absolute(at)],
    [
      'Who',
      `${actor.name} (${actor.kind} ${actor.id})${address === undefined ? '' : `, from ${address}`}`,
    ],
    [
      'What',
      <>
        {action} <WordBadge {...stageWords[stage]} />
      </>,
    ],
    ['On', <Target target={target} />],
    ...block('In full', Object.keys(target).length === 0 ? undefined : target),
    ['Tenant', tenant === '*' ? 'none: the whole installation' : tenant],
    ['Why', reason ?? 'no reason'],
    ...block('Evidence', item.evidence),
    ...block('Before', item.before),
    ...block('After', item.after),
    ['Number', <Copyable text={id} what="the number" />],
    ...(requestId === undefined ? [] : [['Request', requestId] as const]),
    ['Hash', <Copyable text={hash} what="the hash" />],
  ];
  return <Lines lines={lines} />;
}

function block(label: string, value: unknown): readonly LabelledLine[] {
  if (value === undefined || value === null) return [];
  return [[label, <CopyableBlock text={legible(value)} what={label.toLowerCase()} />]];
}
