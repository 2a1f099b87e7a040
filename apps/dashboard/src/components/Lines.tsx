import { DataList } from '@mantine/core';
import type { ReactNode } from 'react';

export type LabelledLine = readonly [label: string, value: ReactNode];

/** One below the other, each behind its label: of a dialog. */
export function Lines({ lines }: { readonly lines: readonly LabelledLine[] }) {
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
