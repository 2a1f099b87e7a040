// What the pages are, in groups: what is wrong now, what there is, who answers for it. What comes
// later (dead letters, breakers, coordinators) has its place in `System`.
import type { Permission } from '@concordat/wire/operations';
import {
  IconAffiliate,
  IconBell,
  IconChecklist,
  IconClipboardList,
  IconGauge,
  IconHourglassHigh,
  IconKey,
  IconListSearch,
  IconStack2,
} from '@tabler/icons-react';

export interface Destination {
  readonly to: string;
  readonly label: string;
  readonly icon: typeof IconGauge;
  /** After `g`, from anywhere. */
  readonly key: string;
  /** What it takes to see anything there. */
  readonly permission: Permission;
  /** Which number of the overview stands beside it. */
  readonly counts?: 'stuck' | 'approvalsPending' | 'orphans';
}

export interface DestinationGroup {
  readonly label: string;
  readonly items: readonly Destination[];
}

export const groups: readonly DestinationGroup[] = [
  {
    label: 'Now',
    items: [
      { to: '/', label: 'Overview', icon: IconGauge, key: 'o', permission: 'read' },
      {
        to: '/in-doubt',
        label: 'In doubt',
        icon: IconHourglassHigh,
        key: 'd',
        permission: 'read',
        counts: 'orphans',
      },
      {
        to: '/approvals',
        label: 'Approvals',
        icon: IconChecklist,
        key: 'v',
        permission: 'read',
        counts: 'approvalsPending',
      },
    ],
  },
  {
    label: 'Transactions',
    items: [
      {
        to: '/transactions',
        label: 'Transactions',
        icon: IconListSearch,
        key: 't',
        permission: 'read',
        counts: 'stuck',
      },
      { to: '/bulk', label: 'Bulk actions', icon: IconStack2, key: 'b', permission: 'read' },
    ],
  },
  {
    label: 'System',
    items: [
      {
        to: '/participants',
        label: 'Participants',
        icon: IconAffiliate,
        key: 'p',
        permission: 'read',
      },
      { to: '/alerts', label: 'Alerts', icon: IconBell, key: 'l', permission: 'read' },
    ],
  },
  {
    label: 'Accountability',
    items: [
      {
        to: '/audit',
        label: 'Audit',
        icon: IconClipboardList,
        key: 'a',
        permission: 'audit.read',
      },
      { to: '/access', label: 'Access', icon: IconKey, key: 'k', permission: 'read' },
    ],
  },
];

export const destinations: readonly Destination[] = groups.flatMap(({ items }) => items);
