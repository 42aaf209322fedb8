/** `node attacker.ts <case> <url> <token> <ms> <address>`: one attacker, in a process of its own. Prints the bytes that it sent. */
import { connect } from "node:net";
import { attack } from "@parley/socket/attacker-fixture";
import { RawPeer } from "@parley/socket/raw-peer-fixture";
import { CASES } from "./attacks.ts";

const [name = "", url = "", token = "", ms, address] = process.argv.slice(2);
const abuse = CASES[name];
if (abuse === undefined) throw new Error(`there is no case ${name}`);
const { hostname, port } = new URL(url);
const open = () => {
  if (abuse.isSocket) {
    const query = abuse.hasToken ? `?token=${token}` : "";
    return new RawPeer(`ws://${hostname}:${port}/ws${query}`, undefined, address).socket;
  }
  const socket = connect({ host: hostname, port: Number(port), localAddress: address });
  return socket.on("error", () => undefined).resume();
};
const until = performance.now() + Number(ms);
const { first, writesPerSecond } = abuse;
const work = { ...(first && { first }), write: (n: number) => abuse.write(n, token) };
const attacks = Array.from({ length: abuse.sockets }, () =>
  attack(open, work, until, 1_000 / writesPerSecond),
);
const sent = await Promise.all(attacks);
process.stdout.write(String(sent.reduce((sum, bytes) => sum + bytes, 0)));
