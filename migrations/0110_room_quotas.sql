-- Rooms that a user has made lately are counted in the statement that makes another one.
create index rooms_made on chat.rooms (created_by, created_at) where created_by is not null;
