import type { StatementPart } from './part.ts'

export const eventsPart: StatementPart = {
  name: 'events',
  used: (batch) => batch.events.length > 0,
  values: ({ events }) => [
    events.map((row) => row.org),
    events.map((row) => row.type),
    events.map((row) => row.subject),
    events.map((row) => row.data),
    events.map((row) => row.at),
  ],
  sql: ({ at, guard }) => `
event_row as (
  insert into engine.event (org_id, type, subject, data, at)
  select u.org_id, u.type, u.subject, u.data::json, to_timestamp(u.at / 1000)
  from unnest(${at(0)}::uuid[], ${at(1)}::text[], ${at(2)}::text[], ${at(3)}::text[], ${at(4)}::float8[]) u(org_id, type, subject, data, at)
  where ${guard}
)`,
}
