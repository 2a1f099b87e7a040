import { DataList } from '@mantine/core';
import type { Action } from './ActionDialog.js';

/** What is so, and what it would do, as far as no choice has to be made first (A4). */
export function WhatItIs({
  action: { target, precondition, effect },
}: {
  readonly action: Action;
}) {
  const lines = [
    ['On', target],
    ['What is so', precondition],
    ['What it does', effect],
  ] as const;
  const said = lines.filter(([, value]) => value !== undefined);
  return (
    <DataList labelWidth="6.5rem" gap="xs">
      {said.map(([label, value]) => (
        <DataList.Item key={label}>
          <DataList.ItemLabel>{label}</DataList.ItemLabel>
          <DataList.ItemValue>{value}</DataList.ItemValue>
        </DataList.Item>
      ))}
    </DataList>
  );
}
