-- A process works for a consumer of the event log only while it holds the lease. It keeps no transaction open meanwhile.
alter table app.event_consumer add column holder uuid, add column leased_until timestamptz;
