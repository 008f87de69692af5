import { defineConfig } from 'vitest/config'

// Workspace packages resolve to their source by this export condition; nothing has to be built before the tests.
const conditions = ['orrery-source', 'node', 'development|production']

const everywhere = ['packages', 'apps', 'tests', 'tools', 'examples']
const files = (suffix: string) => everywhere.map((folder) => `${folder}/**/*.${suffix}.ts`)
const exclude = ['**/node_modules/**', '**/dist/**']

const globalSetup = ['tests/support/postgres-server.ts']

/** One project per suffix: `vitest run --project pure|pg|e2e|fuzz|chaos`. The suffix says which environment a test needs. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['orrery-source', 'node'] } },
  test: {
    pool: 'forks',
    execArgv: ['--conditions=orrery-source'],
    projects: [
      { extends: true, test: { name: 'pure', include: files('test'), exclude: [...exclude, '**/*.pg.test.ts'] } },
      { extends: true, test: { name: 'pg', globalSetup, include: files('pg.test'), exclude, testTimeout: 30_000, hookTimeout: 60_000 } },
      { extends: true, test: { name: 'fuzz', globalSetup, include: files('fuzz'), exclude, testTimeout: 300_000, hookTimeout: 120_000 } },
      { extends: true, test: { name: 'e2e', globalSetup, include: files('e2e'), exclude, testTimeout: 300_000, hookTimeout: 300_000 } },
      { extends: true, test: { name: 'chaos', globalSetup, include: files('chaos'), exclude, testTimeout: 900_000, hookTimeout: 300_000 } },
    ],
  },
})
