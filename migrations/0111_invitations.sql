-- Somebody who shares no room with a user is invited to a group, and accepts or declines.
create table chat.invitations (
  room text collate "C" not null,
  user_id text collate "C" not null,
  username text not null,
  role text collate "C" not null check (role in ('owner', 'admin', 'member')),
  invited_by text collate "C" not null,
  invited_by_username text not null,
  at timestamptz not null default now(),
  primary key (room, user_id)
);
create index invitations_user on chat.invitations (user_id, at desc);
create index invitations_by on chat.invitations (invited_by);

comment on table chat.invitations is 'Invitations to groups that were neither accepted nor declined.';
comment on column chat.invitations.room is 'Id of the group.';
comment on column chat.invitations.user_id is 'Id of the invited user.';
comment on column chat.invitations.username is 'Name of that user; names do not change.';
comment on column chat.invitations.role is 'Role that the user gets.';
comment on column chat.invitations.invited_by is 'Id of the user who invites, and who must still have the right to when it is accepted.';
comment on column chat.invitations.invited_by_username is 'Name of that user.';
comment on column chat.invitations.at is 'When the invitation was made or renewed.';

-- Codes of links by which anybody who has one joins a room.
create table chat.invite_codes (
  code text collate "C" primary key,
  room text collate "C" not null,
  created_by text collate "C" not null,
  created_by_username text not null,
  expires_at timestamptz not null,
  unique (room, created_by)
);

comment on table chat.invite_codes is 'Codes of links by which whoever has one joins a room: one for each room and member who made one.';
comment on column chat.invite_codes.code is 'The code, 130 random bits.';
comment on column chat.invite_codes.room is 'Id of the room.';
comment on column chat.invite_codes.created_by is 'Id of the member who made it, and who must still have the right to invite when it is used.';
comment on column chat.invite_codes.created_by_username is 'Name of that user.';
comment on column chat.invite_codes.expires_at is 'Until when it is valid.';
