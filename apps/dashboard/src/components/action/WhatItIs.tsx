import { DataList } from '@mantine/core';
import type { Action } from './ActionDialog.js';

/** What is so, and what it would do; before anything is asked of the person. */
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
  return (
    <DataList labelWidth="6.5rem" gap="xs">
      {lines.map(([label, value]) => (
        <DataList.Item key={label}>
          <DataList.ItemLabel>{label}</DataList.ItemLabel>
          <DataList.ItemValue>{value}</DataList.ItemValue>
        </DataList.Item>
      ))}
    </DataList>
  );
}
