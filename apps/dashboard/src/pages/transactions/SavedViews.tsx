// Lists that are needed again: ours, and those that one has saved; with how much is in each.
import { ActionIcon, Button, Popover, TextInput } from '@mantine/core';
import type { SavedViewView } from '@concordat/wire/operations';
import { IconBookmarkPlus, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { forgetView, saveView } from '../../api/actions.js';
import { inWords } from '../../api/problem.js';
import { viewsQuery } from '../../api/queries.js';
import type { Flat } from '../../app/search.js';
import { count } from '../../components/numbers.js';
import classes from './Transactions.module.css';

export function SavedViews({ filter }: { readonly filter: Flat }) {
  const { data } = useQuery(viewsQuery());
  const views = data?.items ?? [];
  const isNew = Object.keys(filter).length > 0 && !views.some(({ query }) => same(query, filter));
  return (
    <nav aria-label="Saved views" className={classes['views']}>
      <ul>
        {views.map((view) => (
          <li key={view.id}>
            <View view={view} isCurrent={same(view.query, filter)} />
          </li>
        ))}
      </ul>
      {isNew && <SaveThis filter={filter} />}
    </nav>
  );
}

interface ViewProps {
  readonly view: SavedViewView;
  readonly isCurrent: boolean;
}

function View({ view, isCurrent }: ViewProps) {
  const client = useQueryClient();
  const { mutate } = useMutation({
    mutationFn: () => forgetView(view.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['views'] }),
  });
  return (
    <>
      <Link
        to="/transactions"
        search={() => view.query}
        className={classes['view'] ?? ''}
        aria-current={isCurrent ? 'page' : undefined}
        activeOptions={{ exact: true, includeSearch: true }}
      >
        {view.name}
        {view.count !== null && (
          <span className={classes['viewCount']}>
            {count(view.count)}
            {view.atLeast && '+'}
          </span>
        )}
      </Link>
      {!view.builtIn && isCurrent && (
        <ActionIcon
          size="sm"
          variant="subtle"
          color="gray"
          aria-label={`forget the view ${view.name}`}
          onClick={() => mutate()}
        >
          <IconTrash size={14} />
        </ActionIcon>
      )}
    </>
  );
}

function SaveThis({ filter }: { readonly filter: Flat }) {
  const [name, setName] = useState('');
  const [isOpen, setIsOpen] = useState(false);
  const client = useQueryClient();
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => saveView(name.trim(), filter),
    onSuccess: async () => {
      setIsOpen(false);
      setName('');
      await client.invalidateQueries({ queryKey: ['views'] });
    },
  });
  const save = (event: React.FormEvent): void => {
    event.preventDefault();
    if (name.trim() !== '') mutate();
  };
  return (
    <Popover opened={isOpen} onChange={setIsOpen} trapFocus position="bottom-end" withArrow>
      <Popover.Target>
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconBookmarkPlus size={15} />}
          onClick={() => setIsOpen(!isOpen)}
        >
          Save this view
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Save this view">
        <form onSubmit={save} className={classes['save']}>
          <TextInput
            size="xs"
            label="Name of the view"
            value={name}
            maxLength={60}
            onChange={(event) => setName(event.currentTarget.value)}
            error={error === null ? undefined : inWords(error).detail}
            data-autofocus
          />
          <Button size="xs" type="submit" loading={isPending} disabled={name.trim() === ''}>
            Save
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

function same(a: Flat, b: Flat): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => a[key] === b[key]);
}
