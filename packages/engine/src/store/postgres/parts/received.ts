import type { StatementPart } from './part.ts'

/** Invariant (I8): the receipt of a message is journalled in the same transaction. The emptied row remains, so that its id stays known. */
export const receivedPart: StatementPart = {
  name: 'received',
  used: (batch) => batch.received.length > 0,
  values: ({ received }) => [received.map((row) => row.org), received.map((row) => row.run), received.map((row) => row.id)],
  sql: ({ at, guard }) => `
received as (
  update engine.inbox i set read = true, payload = null, error = null
  from unnest(${at(0)}::uuid[], ${at(1)}::uuid[], ${at(2)}::uuid[]) u(org_id, run_id, id)
  where i.org_id = u.org_id and i.run_id = u.run_id and i.id = u.id and ${guard}
)`,
}
