// The page as files: hashed, so that they may be cached for ever, and with relative addresses, so
// that it can be served from wherever it is mounted.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const API = process.env['CONCORDAT_URL'] ?? 'http://127.0.0.1:3000';
/** That know `light-dark()`, so that nothing has to be written twice. */
const BROWSERS = ['chrome123', 'firefox120', 'safari17.5'];

export default defineConfig({
  base: './',
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../coordinator/dist/pages', // published with what serves it
    emptyOutDir: true,
    target: BROWSERS,
    cssTarget: BROWSERS,
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { '/v1': API } },
});
