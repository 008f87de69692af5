import type { StatementPart } from './part.ts'

export const logsPart: StatementPart = {
  name: 'logs',
  used: (batch) => batch.logs.length > 0,
  values: ({ logs }, packer) => [
    logs.map((row) => row.org),
    logs.map((row) => row.run),
    logs.map((row) => row.cmd),
    logs.map((row) => row.attempt),
    logs.map((row) => row.at),
    logs.map((row) => row.level),
    logs.map((row) => row.message),
    logs.map((row) => packer.pack(row.org, row.data)),
    logs.map((row) => row.step),
  ],
  sql: ({ at, guard }) => `
log_row as (
  insert into engine.log (org_id, run_id, cmd, attempt, at, level, message, data, step)
  select u.org_id, u.run_id, u.cmd, u.attempt, to_timestamp(u.at / 1000), u.level, u.message, u.data::json, u.step
  from unnest(${at(0)}::uuid[], ${at(1)}::uuid[], ${at(2)}::int[], ${at(3)}::int[], ${at(4)}::float8[], ${at(5)}::text[], ${at(6)}::text[],
              ${at(7)}::text[], ${at(8)}::text[])
    u(org_id, run_id, cmd, attempt, at, level, message, data, step)
  where ${guard}
)`,
}
