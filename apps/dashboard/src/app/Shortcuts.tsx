// The keys that work on every page; `?` shows them.
import { Kbd, Modal, Table } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { JUMP_ID } from './JumpTo.js';
import { destinations } from './navigation.js';

const CHORD_MS = 1_200;

const others = [
  ['/', 'go to a transaction by its id'],
  ['j / k', 'the next, the previous row of a table'],
  ['Enter', 'open the row'],
  ['x', 'select the row'],
  ['?', 'this list'],
] as const;

export function Shortcuts() {
  const [isOpen, { toggle, close }] = useDisclosure(false);
  useKeys(toggle);
  return (
    <Modal opened={isOpen} onClose={close} title="Keys" size="sm">
      <Table>
        <Table.Tbody>
          {others.map(([keys, meaning]) => (
            <Row key={keys} keys={keys} meaning={meaning} />
          ))}
          {destinations.map(({ key, label }) => (
            <Row key={key} keys={`g ${key}`} meaning={label} />
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}

function Row({ keys, meaning }: { readonly keys: string; readonly meaning: string }) {
  return (
    <Table.Tr>
      <Table.Th scope="row">
        <Kbd>{keys}</Kbd>
      </Table.Th>
      <Table.Td>{meaning}</Table.Td>
    </Table.Tr>
  );
}

function useKeys(onHelp: () => void): void {
  const navigate = useNavigate();
  const chordAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      // when it was pressed, however late the page has come to it
      const isChord = event.timeStamp - chordAt.current < CHORD_MS;
      chordAt.current = event.key === 'g' ? event.timeStamp : Number.NEGATIVE_INFINITY;
      const destination = destinations.find(({ key }) => isChord && key === event.key);
      if (destination !== undefined) void navigate({ to: destination.to });
      else if (event.key === '?') onHelp();
      else if (event.key === '/') focusJump(event);
      else if (event.key === 'j' || event.key === 'k') focusFirstRow(event);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [navigate, onHelp]);
}

function focusJump(event: KeyboardEvent): void {
  event.preventDefault();
  document.querySelector<HTMLElement>(`#${JUMP_ID}`)?.focus();
}

/** From then on the table has the keys (DataTable.tsx). */
function focusFirstRow(event: KeyboardEvent): void {
  const first = document.querySelector<HTMLElement>('main [data-row]');
  if (first === null || event.defaultPrevented) return;
  event.preventDefault();
  first.focus();
}

/** Keys are for the page only where nothing else takes them; a dialog has its own. */
function isTyping(target: EventTarget | null): boolean {
  if (document.querySelector('[role="dialog"]') !== null) return true;
  return (
    target instanceof HTMLElement && target.matches('input, textarea, select, [role="menu"] *')
  );
}
