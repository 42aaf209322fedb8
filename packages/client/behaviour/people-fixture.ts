import { expect, it } from "vitest";
import { accountOf } from "../src/account.ts";
import type { OwnEvent } from "../src/frames.ts";
import { invitationsOf } from "../src/invitations.ts";
import type { Parley } from "../src/types.ts";
import { services } from "./running-fixture.ts";
import { until, untilOnline } from "./stack-fixture.ts";

/** Collects what concerns the user, from now on. */
async function ownEvents(parley: Parley): Promise<OwnEvent[]> {
  const events: OwnEvent[] = [];
  void (async () => {
    for await (const event of parley.events()) events.push(event);
  })().catch(() => undefined);
  await untilOnline(parley);
  return events;
}

it("people: who shares no room is invited, and hears of it in the user's own events, over a cut too", async () => {
  const [owner, guest, other] = await Promise.all([services.person(), services.person(), services.person()]);
  const [alice, bob, carol] = [owner, guest, other].map((one) => services.client(one)) as [
    Parley,
    Parley,
    Parley,
  ];
  const events = await ownEvents(bob);
  const { id, invited } = await alice.rooms.create({ kind: "group", title: "Lunch", members: [guest.id] });
  expect(invited.map((one) => one.id)).toEqual([guest.id]);
  expect(await invitationsOf(bob).list()).toMatchObject([{ room: id, by: { id: owner.id }, role: "member" }]);
  services.down();
  await until("cut", () => !bob.status.value.canHear);
  services.up();
  await untilOnline(bob);
  expect(await invitationsOf(bob).accept(id)).toMatchObject({ id, role: "member" });
  const joined = (one: OwnEvent) => one.type === "membership" && one.event.type === "member_joined";
  await until("bob hears that he is a member", () => events.some(joined));
  const room = alice.rooms.get(id);
  expect(await room.members.add(other.id)).toMatchObject({ room: id, user: { id: other.id } });
  await invitationsOf(carol).decline(id);
  await expect(invitationsOf(carol).accept(id)).rejects.toMatchObject({ code: "invite_invalid" });
  const { code } = await invitationsOf(alice).codeOf(id);
  expect(await invitationsOf(carol).take(code)).toMatchObject({ id });
  await expect(invitationsOf(carol).take("0".repeat(26))).rejects.toMatchObject({
    code: "invite_invalid",
    isRetryable: false,
  });
  expect((await room.members.list()).items).toHaveLength(3);
  expect(await room.update({ title: "Long lunch", isMuted: true })).toMatchObject({ isMuted: true });
  expect(await bob.rooms.get(id).fetch()).toMatchObject({ title: "Long lunch", isMuted: false });
  await room.delete();
  await expect(room.fetch()).rejects.toMatchObject({ code: "room_not_found" });
  const seqs = events.map(({ seq }) => seq);
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
});

it("people: who is blocked writes nothing to the direct chat, until the block is taken back", async () => {
  const [blocker, blocked] = await Promise.all([services.person(), services.person()]);
  const [alice, bob] = [services.client(blocker), services.client(blocked)];
  const { id } = await bob.rooms.direct(blocker.id);
  const room = bob.rooms.get(id);
  const { seq } = await room.send("Hello").stored();
  const seen = [blocked.id, "nobody"].map((one) => alice.presence(one));
  for (const one of seen) one.subscribe(() => undefined);
  await until("presence is known", () => seen.every(({ value }) => value !== null));
  expect(seen.map(({ value }) => value?.isOnline)).toEqual([true, false]);
  const account = accountOf(alice);
  expect(await account.block(blocked.id)).toMatchObject({ user: { id: blocked.id } });
  const refusal = { code: "blocked", isRetryable: false };
  await expect(room.send("Hello?")).rejects.toMatchObject(refusal);
  await expect(room.react(seq, "👍")).rejects.toMatchObject(refusal);
  await expect(room.edit(seq, "Hello?")).rejects.toMatchObject(refusal);
  await alice.rooms.get(id).send("Not now").stored();
  expect(await bob.rooms.direct(blocker.id)).toMatchObject({ id, head: seq + 1 });
  expect(await account.blocks()).toMatchObject([{ user: { id: blocked.id } }]);
  await account.unblock(blocked.id);
  expect(await room.send("Now?").stored()).toEqual({ seq: seq + 2 });
});

it("people: what one device has read, the other one hears; a session that ends everywhere signs both out", async () => {
  const person = await services.person();
  const [phone, laptop] = [services.client(person), services.client(person)];
  const events = await ownEvents(laptop);
  const room = phone.rooms.get("people");
  const theirs = services.client(await services.person()).rooms.get("people");
  await theirs.send("Hello").stored();
  // To a new member, what was there before counts as read.
  await room.join();
  await theirs.send("Hello again").stored();
  room.read(2);
  const isMark = (one: OwnEvent) => one.type === "read_mark" && one.mark.room === "people";
  await until("the laptop hears of the mark", () => events.some(isMark));
  const account = accountOf(phone);
  expect(await account.find(person.username)).toMatchObject([{ id: person.id }]);
  expect(await account.users([person.id, "nobody"])).toHaveLength(1);
  expect(await account.rename("Somebody")).toMatchObject({ displayName: "Somebody" });
  expect(await account.sessions()).toMatchObject([{ isCurrent: true }]);
  expect(await account.export()).toMatchObject({ user: { username: person.username } });
  await expect(account.delete("not the password")).rejects.toMatchObject({ code: "wrong_password" });
  expect(await account.signOutEverywhere()).toBe(1);
  expect(phone.status.value.state).toBe("signed_out");
  await until("the laptop is out", () => laptop.status.value.state === "signed_out");
});
