-- How far each reader of the event log is, over all organizations. Only loops of the server touch it.
create table app.event_consumer (
  name text primary key,
  -- The last event that its handler is through with; it reads on behind this.
  tx xid8 not null,
  id bigint not null,
  updated_at timestamptz not null
) with (fillfactor = 50);

grant select, insert, update on app.event_consumer to orrery_engine;
