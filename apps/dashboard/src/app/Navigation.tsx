import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconLock } from '@tabler/icons-react';
import { overviewQuery } from '../api/queries.js';
import { useMay } from '../api/session.js';
import { WINDOW_DEFAULT_MS } from '../pages/overview/windows.js';
import type { Destination } from './navigation.js';
import { groups } from './navigation.js';
import classes from './Shell.module.css';

export function Navigation() {
  return groups.map(({ label, items }) => (
    <section key={label}>
      <h2 className={classes['group']}>{label}</h2>
      <ul className={classes['links']}>
        {items.map((item) => (
          <li key={item.to}>
            <NavigationLink {...item} />
          </li>
        ))}
      </ul>
    </section>
  ));
}

function NavigationLink({ to, label, icon: Icon, permission, counts }: Destination) {
  const may = useMay(permission);
  return (
    <Link
      to={to}
      className={classes['link'] ?? ''}
      activeOptions={{ exact: to === '/', includeSearch: false }}
    >
      <Icon size={18} stroke={1.7} aria-hidden="true" />
      {label}
      {counts !== undefined && <Count of={counts} />}
      {!may && <IconLock size={14} aria-label={`needs the permission ${permission}`} />}
    </Link>
  );
}

function Count({ of }: { readonly of: NonNullable<Destination['counts']> }) {
  const { data } = useQuery(overviewQuery(WINDOW_DEFAULT_MS));
  const count = data?.now[of] ?? 0;
  if (count === 0) return null;
  return (
    <span className={classes['count']} data-tone={of === 'approvalsPending' ? 'wait' : 'danger'}>
      {count.toLocaleString('en')}
    </span>
  );
}
