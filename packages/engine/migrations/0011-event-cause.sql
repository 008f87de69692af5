-- The run whose work wrote an event that is about something else, so that a chain of runs and events can be followed back.
alter table engine.event add column run_id uuid;
