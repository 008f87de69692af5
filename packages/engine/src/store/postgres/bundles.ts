import type pg from 'pg'
import type { Store, StoredBundle } from '../store.ts'

type Bundles = Pick<Store<pg.ClientBase>, 'saveBundle' | 'bundle' | 'setDefault' | 'defaultBundle'>

export function storeBundles(pool: pg.Pool): Bundles {
  return {
    async saveBundle(org, hash, code, manifest, map = null, tx) {
      await (tx ?? pool).query(
        `insert into engine.bundle as b (org_id, hash, code, manifest, map) values ($1, $2, $3, $4, $5)
         on conflict (org_id, hash) do update set map = excluded.map where excluded.map is not null and b.map is distinct from excluded.map`,
        [org, hash, code, manifest, map],
      )
    },
    async bundle(org, hash) {
      const { rows } = await pool.query<StoredBundle>(
        'select code, manifest::text as manifest, map from engine.bundle where org_id = $1 and hash = $2',
        [org, hash],
      )
      return rows[0] ?? null
    },
    async setDefault(org, workflow, bundle, tx) {
      await (tx ?? pool).query(
        `insert into engine.workflow_default (org_id, workflow, bundle) values ($1, $2, $3)
         on conflict (org_id, workflow) do update set bundle = excluded.bundle, set_at = now()`,
        [org, workflow, bundle],
      )
    },
    async defaultBundle(org, workflow) {
      const { rows } = await pool.query<{ bundle: string }>(
        'select bundle from engine.workflow_default where org_id = $1 and workflow = $2',
        [org, workflow],
      )
      return rows[0]?.bundle ?? null
    },
  }
}
