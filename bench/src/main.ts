/** `node bench/src/main.ts <what> [arguments]`: Parley alone; the Makefile's bench-* targets call it. */
import { runBench } from "./benches/run-bench.ts";
import { describeMachine, machineLine } from "./report/machine.ts";

const say = (line: string) => void process.stdout.write(`${line}\n`);
const [name = "", ...args] = process.argv.slice(2);
const machine = describeMachine();
const began = performance.now();
say(machineLine(machine));
say(await runBench(name, args, machine));
say(`\n${Math.round((performance.now() - began) / 1_000)} s; figures are in bench/results/`);
