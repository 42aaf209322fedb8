/** `node bench/peers/main.ts quick|all [names]`: Parley beside its peers; `make bench` and `make bench-all` call it. */
import { describeMachine, machineLine } from "@parley/bench/report/machine";
import { parleyContender } from "@parley/bench/targets/parley";
import { compare, FULL, QUICK } from "./compare.ts";
import { PEERS } from "./contenders.ts";

const say = (line: string) => void process.stdout.write(`${line}\n`);
const [scale = "quick", ...names] = process.argv.slice(2);
const contenders = [parleyContender, ...PEERS];
const machine = describeMachine();
const began = performance.now();
say(machineLine(machine));
const chosen = scale === "all" ? contenders.map(({ name }) => name) : ["parley", "socketio"];
const text = await compare(
  contenders,
  names.length > 0 ? names : chosen,
  scale === "all" ? FULL : QUICK,
  machine,
  say,
);
say(
  `\n${text}\n\n${Math.round((performance.now() - began) / 1_000)} s; figures and charts are in bench/results/`,
);
