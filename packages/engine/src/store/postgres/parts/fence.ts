import type { StatementPart } from './part.ts'

/**
 * Invariant (I5): a fenced worker writes nothing. The key-share lock makes the reaper (which locks the row for update) wait until this
 * statement has committed. A beat changes no key, so it does not wait.
 */
export const fencePart: StatementPart = {
  name: 'fence',
  used: (batch) => batch.worker !== null,
  values: (batch) => [batch.worker],
  sql: ({ at }) => `fence as materialized (select 1 from engine.worker where worker_id = ${at(0)}::uuid and not fenced for key share)`,
  output: () => '(select count(*)::int from fence) as fence',
}
