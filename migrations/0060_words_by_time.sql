-- One index of the words' rows instead of two, in the order in which searches walk back: messages come with ever newer
-- times, so each goes to its end, where `(room, seq)` has a place of its own for each room (docs/decisions/0032). A
-- message keeps its time when it is edited.
alter table chat.words drop constraint words_pkey;
drop index chat.words_at;
alter table chat.words add primary key (at, room, seq);
