import { defineConfig } from 'vitest/config'

// Workspace packages resolve to their source by this export condition; nothing has to be built before the tests.
const conditions = ['orrery-source', 'node', 'development|production']

const everywhere = ['packages', 'apps', 'tests', 'tools', 'examples']
const files = (suffix: string) => everywhere.map((folder) => `${folder}/**/*.${suffix}.ts`)
const exclude = ['**/node_modules/**', '**/dist/**', '**/templates/**']
const globalSetup = ['tests/support/postgres-server.ts']

/** What measures time or kills processes has the machine to itself: groups run one after another, and these one file at a time. */
const alone = (order: number) => ({ sequence: { groupOrder: order }, maxWorkers: 1, globalSetup, exclude })

/** One project per suffix: `vitest run --project pure|pg|fuzz|e2e|chaos`. The suffix says which environment a test needs. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['orrery-source', 'node'] } },
  test: {
    pool: 'forks',
    execArgv: ['--conditions=orrery-source'],
    // A busy machine may be slow to reach the awaited state.
    expect: { poll: { timeout: 10_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          sequence: { groupOrder: 1 },
          include: files('test'),
          exclude: [...exclude, '**/*.pg.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'pg',
          sequence: { groupOrder: 1 },
          include: files('pg.test'),
          exclude,
          globalSetup,
          testTimeout: 90_000,
          hookTimeout: 120_000,
        },
      },
      { extends: true, test: { name: 'fuzz', include: files('fuzz'), ...alone(2), testTimeout: 300_000, hookTimeout: 120_000 } },
      { extends: true, test: { name: 'e2e', include: files('e2e'), ...alone(3), testTimeout: 300_000, hookTimeout: 300_000 } },
      { extends: true, test: { name: 'chaos', include: files('chaos'), ...alone(4), testTimeout: 900_000, hookTimeout: 300_000 } },
    ],
  },
})
