/** `node bench/src/main.ts <what> [arguments]`; the Makefile's bench targets call it. */
import { compare, FULL, QUICK } from "./benches/compare.ts";
import { alone, SINGLES } from "./benches/single.ts";
import { describeMachine } from "./report/machine.ts";
import { TARGETS } from "./targets/registry.ts";

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function main([what = "quick", ...args]: string[]): Promise<void> {
  const machine = describeMachine();
  say(
    `${machine.cores} cores, ${machine.processor}, node ${machine.node}, commit ${machine.commit}, load ${machine.load}, ` +
      `fsync ${machine.fsyncUs} µs`,
  );
  const began = performance.now();
  const only = (names: readonly string[]) => (args.length > 0 ? args : names);
  if (what === "quick") say(`\n${await compare(only(["parley", "socketio"]), QUICK, machine, say)}`);
  else if (what === "all") say(`\n${await compare(only(Object.keys(TARGETS)), FULL, machine, say)}`);
  else if (what in SINGLES) say(await alone(what as keyof typeof SINGLES, args, machine));
  else throw new Error(`there is no ${what}: quick, all, ${Object.keys(SINGLES).join(", ")}`);
  say(`\n${Math.round((performance.now() - began) / 1_000)} s; figures and charts are in bench/results/`);
}

await main(process.argv.slice(2));
