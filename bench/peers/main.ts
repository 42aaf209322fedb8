/** `node bench/peers/main.ts quick|all [names]`: Parley beside its peers; `make bench` and `make bench-all` call it. */
import { describeMachine, machineLine } from "@parley/bench/report/machine";
import { compare, FULL, QUICK } from "./compare.ts";
import { CONTENDERS } from "./contenders.ts";

const say = (line: string) => void process.stdout.write(`${line}\n`);
const [scale = "quick", ...names] = process.argv.slice(2);
const machine = describeMachine();
const began = performance.now();
say(machineLine(machine));
const chosen = scale === "all" ? CONTENDERS.map(({ name }) => name) : ["parley", "socketio"];
const text = await compare(
  CONTENDERS,
  names.length > 0 ? names : chosen,
  scale === "all" ? FULL : QUICK,
  machine,
  say,
);
say(
  `\n${text}\n\n${Math.round((performance.now() - began) / 1_000)} s; figures and charts are in bench/results/`,
);
