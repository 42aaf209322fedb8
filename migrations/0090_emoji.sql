-- Reactions that differ in a variation selector (U+FE0E, U+FE0F) are one: from here on they are stored without.
insert into chat.reactions (room, seq, emoji, user_id, at)
select room, seq, regexp_replace(emoji, '[\uFE0E\uFE0F]', '', 'g'), user_id, at
from chat.reactions where emoji ~ '[\uFE0E\uFE0F]'
on conflict do nothing;

delete from chat.reactions where emoji ~ '[\uFE0E\uFE0F]';
