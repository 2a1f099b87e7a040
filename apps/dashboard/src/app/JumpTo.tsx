import { TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import classes from './Shell.module.css';

const WHOLE_ID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
export const JUMP_ID = 'jump-to';

/** A whole id leads to its transaction; a part of one, to those that begin so. */
export function JumpTo() {
  const [text, setText] = useState('');
  const navigate = useNavigate();
  const go = (event: React.FormEvent): void => {
    event.preventDefault();
    const id = text.trim();
    if (id === '') return;
    setText('');
    if (WHOLE_ID.test(id)) void navigate({ to: '/transactions/$gtid', params: { gtid: id } });
    else void navigate({ to: '/transactions', search: () => ({ gtid: id }) });
  };
  return (
    <search className={classes['jump']}>
      <form onSubmit={go}>
        <TextInput
          id={JUMP_ID}
          size="xs"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          aria-label="Go to a transaction by its id"
          placeholder="Transaction id  ( / )"
          leftSection={<IconSearch size={15} aria-hidden="true" />}
          autoComplete="off"
          spellCheck={false}
        />
      </form>
    </search>
  );
}
