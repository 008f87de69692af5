import { journalCode } from '../codes.ts'
import type { StatementPart } from './part.ts'

/** Invariant (I2): rows are inserted and never changed. The primary key rejects a second row with the same number. */
export const journalPart: StatementPart = {
  name: 'journal',
  used: (batch) => batch.journal.length > 0,
  values: ({ journal }, packer) => [
    journal.map((row) => row.org),
    journal.map((row) => row.run),
    journal.map((row) => row.seq),
    journal.map((row) => row.cmd),
    journal.map((row) => journalCode.code(row.kind)),
    journal.map((row) => row.attempt),
    journal.map((row) => row.startedAt),
    journal.map((row) => row.at),
    journal.map((row) => row.name),
    journal.map((row) => packer.pack(row.org, row.input)),
    journal.map((row) => packer.pack(row.org, row.output)),
    journal.map((row) => (row.error === null ? null : JSON.stringify(row.error))),
  ],
  sql: ({ at, guard }) => `
journal_row as (
  insert into engine.journal (org_id, run_id, seq, cmd, kind, attempt, started_at, at, name, input, output, error)
  select u.org_id, u.run_id, u.seq, u.cmd, u.kind, u.attempt, to_timestamp(u.started_at / 1000), to_timestamp(u.at / 1000), u.name,
         u.input::json, u.output::json, u.error::json
  from unnest(${at(0)}::uuid[], ${at(1)}::uuid[], ${at(2)}::int[], ${at(3)}::int[], ${at(4)}::smallint[], ${at(5)}::int[], ${at(6)}::float8[],
              ${at(7)}::float8[], ${at(8)}::text[], ${at(9)}::text[], ${at(10)}::text[], ${at(11)}::text[])
    u(org_id, run_id, seq, cmd, kind, attempt, started_at, at, name, input, output, error)
  where ${guard}
)`,
}
