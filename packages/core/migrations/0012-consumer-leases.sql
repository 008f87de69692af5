-- A process works for a reader of the event log as long as it holds the lease, and no transaction is open while it does.
alter table app.event_consumer add column holder uuid, add column leased_until timestamptz;
