// Colours and type. Every pair of text and ground has a contrast of 4.5 to 1 or better, in both
// schemes (the browser tests ask axe); the tones themselves are in tokens.css.
import type { CSSVariablesResolver, MantineColorsTuple } from '@mantine/core';
import { createTheme, Menu, Modal } from '@mantine/core';

/** Calm, and unlike every tone that means something. */
const brand: MantineColorsTuple = [
  '#eef3ff',
  '#dce4f8',
  '#b8c8ee',
  '#91a9e4',
  '#708fdc',
  '#5b7ed7',
  '#4a70d0',
  '#2f5bc0',
  '#264da6',
  '#1c3f8c',
];

/** The greys of the dark scheme, of one hue with the page. */
const dark: MantineColorsTuple = [
  '#e3e7ed',
  '#c9d0d9',
  '#a3adba',
  '#7f8a99',
  '#353d49',
  '#2b323c',
  '#242a33',
  '#1b1f26',
  '#14171c',
  '#0f1216',
];

const MONOSPACE = 'ui-monospace, "SF Mono", "Cascadia Code", "DejaVu Sans Mono", Menlo, monospace';
const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

export const theme = createTheme({
  colors: { brand, dark },
  primaryColor: 'brand',
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: 'md',
  fontFamily: SANS,
  fontFamilyMonospace: MONOSPACE,
  fontSizes: { xs: '0.75rem', sm: '0.84rem', md: '0.92rem', lg: '1.05rem', xl: '1.25rem' },
  headings: {
    fontWeight: '650',
    sizes: { h1: { fontSize: '1.4rem' }, h2: { fontSize: '1.05rem' } },
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    Modal: Modal.extend({
      defaultProps: {
        transitionProps: { duration: 0 },
        closeButtonProps: { 'aria-label': 'Close' },
        // the header of a dialog is not the banner of the page
        styles: {
          title: { fontWeight: 650 },
          // what has the focus is not hidden by the footer that stays in view
          content: { scrollPaddingBottom: '5rem' },
        },
        attributes: { header: { role: 'none' } },
      },
    }),
  },
});

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#4f5b6b',
    '--mantine-color-placeholder': '#5f6b7a',
    '--mantine-color-error': '#b3261e',
    '--mantine-color-anchor': '#264da6',
  },
  dark: {
    '--mantine-color-body': '#14171c',
    '--mantine-color-text': '#e3e7ed',
    '--mantine-color-dimmed': '#a3adba',
    '--mantine-color-placeholder': '#98a2b0',
    '--mantine-color-error': '#ff8a80',
    '--mantine-color-anchor': '#9db8ff',
    '--mantine-color-default': '#1b1f26',
    '--mantine-color-default-hover': '#242a33',
    '--mantine-color-default-border': '#353d49',
  },
});
