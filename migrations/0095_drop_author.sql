-- No statement and no column uses this type.
drop type if exists chat.author;
