import type { Unit } from "@parley/devstack/unit";
import { sleep } from "@parley/runtime/deadline";
import type { Clients } from "./clients.ts";
import type { Fault, LinkName } from "./faults.ts";
import { signalAll, withChildren } from "./process-tree.ts";
import { CONSUMERS, type Stage } from "./stage.ts";

/** Attempts to start a process again. */
const STARTS_MAX = 5;

/** Injects one fault and undoes it after its time. Resolves when it is over. */
export async function inject(fault: Fault, stage: Stage, clients: Clients): Promise<void> {
  const { kind, forMs, choice } = fault;
  switch (kind.action) {
    case "kill":
      return await kill(unitOf(fault, stage), forMs);
    case "stop":
    case "fence":
      return await stop(unitOf(fault, stage), forMs);
    case "restart":
      return await restart(unitOf(fault, stage), forMs);
    case "cut":
    case "slow":
      return await disturb(fault, stage);
    case "vanish":
      clients.vanish(choice);
      return await sleep(forMs);
    case "repeat":
      clients.repeat(choice, forMs);
      return await sleep(forMs);
    case "mute":
      clients.mute(choice, forMs);
      return await sleep(forMs);
  }
}

/** The process that a fault hits; of the consumers one by `choice`. */
function unitOf({ kind, choice }: Fault, stage: Stage): Unit {
  const name = kind.target === "ws-consumer" ? CONSUMERS[Math.floor(choice * CONSUMERS.length)] : kind.target;
  return stage.unit(name ?? kind.target);
}

async function kill(unit: Unit, forMs: number): Promise<void> {
  await unit.kill("SIGKILL");
  await sleep(forMs);
  await startAgain(unit);
}

async function restart(unit: Unit, forMs: number): Promise<void> {
  await unit.stop();
  await sleep(forMs);
  await startAgain(unit);
}

async function startAgain(unit: Unit): Promise<void> {
  for (let left = STARTS_MAX; ; left -= 1) {
    try {
      return await unit.start();
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}

async function stop(unit: Unit, forMs: number): Promise<void> {
  const pids = unit.pid === undefined ? [] : withChildren([unit.pid]);
  signalAll(pids, "SIGSTOP");
  await sleep(forMs);
  signalAll(pids, "SIGCONT");
}

/** Cuts or slows one proxy of the pair; every fourth time all of them. */
async function disturb({ kind, forMs, choice, delayMs }: Fault, { links }: Stage): Promise<void> {
  const proxies = links[kind.target as LinkName];
  const one = Math.floor(choice * (proxies.length + 1));
  const hit = one === proxies.length ? proxies : proxies.slice(one, one + 1);
  for (const proxy of hit) {
    if (kind.action === "cut") proxy.cut();
    else proxy.slow(delayMs);
  }
  await sleep(forMs);
  for (const proxy of hit) proxy.heal();
}
