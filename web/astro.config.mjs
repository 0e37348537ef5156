import preact from '@astrojs/preact';
import { defineConfig } from 'astro/config';
import { zodForPages } from './zod-for-pages/plugin.ts';

// Read when an event would be sent, so setting it here keeps every build from reporting.
process.env.ASTRO_TELEMETRY_DISABLED = '1';

export default defineConfig({
  integrations: [preact()],
  devToolbar: { enabled: false },
  // The site's own server answers /dashboard/ with dashboard/index.html.
  build: { format: 'directory' },
  trailingSlash: 'ignore',
  vite: { plugins: [zodForPages()] },
});
