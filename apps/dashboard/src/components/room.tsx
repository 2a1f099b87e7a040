// How much room the window has: for what a style sheet would have to say once for every width.
import { VisuallyHidden } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import type { ReactNode } from 'react';

/** @param width of the window, as in a media query: `48em` */
export function useIsAtMost(width: string): boolean {
  return useMediaQuery(`(max-width: ${width})`, undefined, { getInitialValueInEffect: false });
}

const PHONE = '48em';

/** Text that is only read out on a phone. */
export function RoomPermitting({ children }: { readonly children: ReactNode }) {
  return useIsAtMost(PHONE) ? <VisuallyHidden>{children}</VisuallyHidden> : <span>{children}</span>;
}
