import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where `npm run dev` finds an API; the built console always talks to the server it came from. */
const apiServer = process.env['PROMONTORY_API'] ?? 'http://127.0.0.1:9090'

export default defineConfig({
  // Relative, so that the same build works below any route prefix.
  base: './',
  plugins: [react()],
  build: {
    // The console of servers, and that of Alertmanagers.
    rolldownOptions: { input: ['index.html', 'alertmanager.html'] },
    target: 'es2023',
    // A data: URL in place of a small file would break `default-src 'self'`.
    assetsInlineLimit: 0,
    // The preload helper would run the same checks again; browsers of this target know module preload.
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': apiServer, '/-': apiServer } },
})
