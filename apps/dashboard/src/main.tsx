// The face of the product: what is stuck, what it blocks, what is true, what is safe.
//
//   main ─▶ app/     the shell: theme, routes, navigation, sign-in
//           pages/   one folder a page; a page asks, and shows what it is told
//           api/     the only place that knows addresses; types are those of @concordat/wire
//           components/  what two pages use
//
// D1. The page decides nothing. What may be done, and why not, the server says with each answer.
// D2. What could not be asked is shown as missing; a partial answer never looks complete.
// D3. Nothing that somebody else has written becomes markup: React escapes it, and there is no
//     `dangerouslySetInnerHTML` here.
// D4. No style and no script stands in the page but under the nonce of the answer (app/nonce.ts).
import './app/nonce.js';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './app/tokens.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.js';

const root = document.querySelector('#root');
if (root === null) throw new Error('the page has no #root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
