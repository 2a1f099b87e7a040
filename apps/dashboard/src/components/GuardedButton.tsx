// A button that says why it does nothing. It stays where the keyboard finds it, for else nobody who
// uses one would ever be told.
import type { ButtonProps } from '@mantine/core';
import { Button, Tooltip, VisuallyHidden } from '@mantine/core';
import { useId } from 'react';

interface GuardedButtonProps extends ButtonProps {
  /** Undefined: it works. */
  readonly whyNot: string | undefined;
  readonly onClick: () => void;
  readonly 'aria-label'?: string;
}

const ON_EVENTS = { hover: true, focus: true, touch: true };

export function GuardedButton({ whyNot, onClick, ...button }: GuardedButtonProps) {
  const id = useId();
  if (whyNot === undefined) return <Button {...button} onClick={onClick} />;
  return (
    <>
      <Tooltip label={whyNot} multiline maw={320} withArrow events={ON_EVENTS}>
        <Button {...button} aria-disabled data-disabled aria-describedby={id} />
      </Tooltip>
      <VisuallyHidden id={id}>{whyNot}</VisuallyHidden>
    </>
  );
}

/** In a row of a table, or beside the heading of a panel. */
export function SmallButton(props: GuardedButtonProps) {
  return <GuardedButton size="compact-sm" variant="default" {...props} />;
}

/** As a reason: of a button that takes a permission which one has not. */
export function takes(permission: string, may: boolean): string | undefined {
  return may ? undefined : `This takes the permission ${permission}.`;
}
