// The frame of every page: where one can go, who one is, whether what is shown is live.
import { AppShell, Burger, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Outlet, useLocation } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { LivenessContext, useLive } from '../api/live.js';
import { Brand } from './Brand.js';
import { JumpTo } from './JumpTo.js';
import { LiveMark } from './LiveMark.js';
import { Navigation } from './Navigation.js';
import { PersonMenu } from './PersonMenu.js';
import { Shortcuts } from './Shortcuts.js';
import classes from './Shell.module.css';

export function Shell() {
  const liveness = useLive(true);
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const main = useFocusOnPage(close);
  return (
    <LivenessContext value={liveness}>
      <a className="skip-link" href="#main" onClick={(event) => toMain(event, main.current)}>
        To the content
      </a>
      <AppShell
        header={{ height: 52 }}
        navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
        padding={0}
        transitionDuration={0}
      >
        <AppShell.Header className={classes['header']}>
          <Group h="100%" px="sm" gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={isOpen ? 'Close the navigation' : 'Open the navigation'}
              aria-expanded={isOpen}
            />
            <Brand />
            <JumpTo />
            <LiveMark />
            <PersonMenu />
          </Group>
        </AppShell.Header>
        <AppShell.Navbar className={classes['navbar']} aria-label="Pages">
          <Navigation />
        </AppShell.Navbar>
        <AppShell.Main ref={main} id="main" tabIndex={-1} className={classes['main']}>
          <Outlet />
        </AppShell.Main>
      </AppShell>
      <Shortcuts />
    </LivenessContext>
  );
}

/** Whoever goes to another page by keyboard or screen reader begins at its content. */
function useFocusOnPage(onPage: () => void) {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const isFirst = useRef(true);
  useEffect(() => {
    onPage();
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [pathname, onPage]);
  return main;
}

/** The address after `#` is the page's: the link must not change it. */
function toMain(event: React.MouseEvent, main: HTMLElement | null): void {
  event.preventDefault();
  main?.focus();
}
