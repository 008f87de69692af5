-- What of the text of a feed was left out or is not understood: sentences for those who added the feed.
alter table app.calendar_feed add column warnings json not null default '[]';
