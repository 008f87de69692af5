-- Messages to a run are read in the order in which they came (I8): whoever makes an id goes by its own clock. A sender holds the row of
-- the live run, so that the numbers of one run are given in the order of commits.
alter table engine.inbox add column arrival bigint generated always as identity;
create index inbox_arrival on engine.inbox (org_id, run_id, arrival) where not read;
drop index engine.inbox_unread;
