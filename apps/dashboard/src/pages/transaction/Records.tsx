// What is kept of the transaction: its journal, its payloads, what people did to it.
import { Tabs } from '@mantine/core';
import type { TransactionDetailView } from '@concordat/wire/operations';
import { plural } from '../../components/numbers.js';
import { Panel } from '../../components/Panel.js';
import { Deeds } from './Deeds.js';
import { Journal } from './Journal.js';
import { Payloads } from './Payloads.js';

export function Records({ detail }: { readonly detail: TransactionDetailView }) {
  const { journal, journalComplete, branches, audit } = detail;
  return (
    <Panel title="Records">
      <Tabs defaultValue="journal" keepMounted={false}>
        <Tabs.List aria-label="Records of the transaction">
          <Tabs.Tab value="journal">Journal, {plural(journal.length, 'line', 'lines')}</Tabs.Tab>
          <Tabs.Tab value="payloads">Payloads and results</Tabs.Tab>
          <Tabs.Tab value="deeds">What people did ({audit.length})</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="journal" pt="sm">
          <Journal lines={journal} isComplete={journalComplete} />
        </Tabs.Panel>
        <Tabs.Panel value="payloads" pt="sm">
          <Payloads branches={branches} />
        </Tabs.Panel>
        <Tabs.Panel value="deeds" pt="sm">
          <Deeds audit={audit} />
        </Tabs.Panel>
      </Tabs>
    </Panel>
  );
}
