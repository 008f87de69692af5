import type { StatementPart } from './part.ts'

/** The last heartbeat of a step. Keeps only the last one of a batch, because an upsert may not touch a row twice. */
export const progressPart: StatementPart = {
  name: 'progress',
  used: (batch) => batch.progress.length > 0,
  values: ({ progress }, packer) => {
    const rows = [...new Map(progress.map((row) => [`${row.org}:${row.run}:${row.cmd}`, row])).values()]
    return [
      rows.map((row) => row.org),
      rows.map((row) => row.run),
      rows.map((row) => row.cmd),
      rows.map((row) => row.attempt),
      rows.map((row) => row.at),
      rows.map((row) => packer.pack(row.org, row.details)),
    ]
  },
  sql: ({ at, guard }) => `
progress_row as (
  insert into engine.progress (org_id, run_id, cmd, attempt, at, details)
  select u.org_id, u.run_id, u.cmd, u.attempt, to_timestamp(u.at / 1000), u.details::json
  from unnest(${at(0)}::uuid[], ${at(1)}::uuid[], ${at(2)}::int[], ${at(3)}::int[], ${at(4)}::float8[], ${at(5)}::text[])
    u(org_id, run_id, cmd, attempt, at, details)
  where ${guard}
  on conflict (org_id, run_id, cmd) do update set attempt = excluded.attempt, at = excluded.at, details = excluded.details
)`,
}
