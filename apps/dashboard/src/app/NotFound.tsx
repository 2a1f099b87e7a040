import { Anchor } from '@mantine/core';
import { IconMapQuestion } from '@tabler/icons-react';
import { EmptyState } from '../components/EmptyState.js';
import { Page } from '../components/Page.js';

export function NotFound() {
  return (
    <Page title="There is no such page">
      <EmptyState icon={IconMapQuestion} title="Nothing is at this address">
        It may be of another version. <Anchor href="#/">Go to the overview</Anchor>.
      </EmptyState>
    </Page>
  );
}
