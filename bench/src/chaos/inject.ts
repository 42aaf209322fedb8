import type { Unit } from "@parley/devstack/unit";
import { sleep } from "@parley/runtime/deadline";
import type { Clients } from "./clients.ts";
import type { Fault, LinkName } from "./faults.ts";
import { signalAll, withChildren } from "./process-tree.ts";
import { CONSUMERS, type Stage } from "./stage.ts";

/** Attempts to start a process again. */
const STARTS_MAX = 5;

type Undo = () => Promise<void> | void;

/** Injects one fault and undoes it after its time. Resolves when it is over. */
export async function inject(fault: Fault, stage: Stage, clients: Clients): Promise<void> {
  const undo = await begin(fault, stage, clients);
  await sleep(fault.forMs);
  await undo?.();
}

async function begin(fault: Fault, stage: Stage, clients: Clients): Promise<Undo | undefined> {
  const { kind, forMs, choice } = fault;
  switch (kind.action) {
    case "kill":
    case "restart": {
      const unit = await unitOf(fault, stage);
      await (kind.action === "kill" ? unit.kill() : unit.stop());
      return async () => {
        await startAgain(unit, (stage.cluster ?? stage.pair) !== undefined);
        await stage.pair?.untilStreaming();
      };
    }
    case "isolate":
      return stage.cluster?.isolate(await stage.cluster.find("leader"));
    case "promote":
      await stage.pair?.failOver();
      return;
    case "roll":
      for (const node of stage.cluster?.nodes ?? []) {
        await stage.cluster?.untilCurrent();
        await node.restart();
      }
      return;
    case "stop":
    case "fence": {
      const { pid } = await unitOf(fault, stage);
      const pids = pid === undefined ? [] : withChildren([pid]);
      signalAll(pids, "SIGSTOP");
      return () => signalAll(pids, "SIGCONT");
    }
    case "cut":
    case "slow":
      return disturb(fault, stage);
    case "vanish":
      return void clients.vanish(choice);
    case "repeat":
      return void clients.repeat(choice, forMs);
    case "mute":
      return void clients.mute(choice, forMs);
  }
}

/** The process that a fault hits; of the consumers one by `choice`, of NATS' nodes one by its role. */
async function unitOf({ kind, choice }: Fault, stage: Stage): Promise<Unit> {
  const role = /^nats-(leader|follower)$/.exec(kind.target)?.[1];
  if (stage.pair !== undefined && kind.target === "postgres-standby") return stage.pair.standby;
  if (stage.cluster !== undefined && role !== undefined) return stage.cluster.find(role as "leader");
  const name = kind.target === "ws-consumer" ? CONSUMERS[Math.floor(choice * CONSUMERS.length)] : kind.target;
  return stage.unit(name ?? kind.target);
}

async function startAgain(unit: Unit, isWaited: boolean): Promise<void> {
  for (let left = STARTS_MAX; ; left -= 1) {
    try {
      await unit.start();
      // A node that does not know its streams yet, or a standby, is none that can take over.
      if (isWaited) await unit.untilReady();
      return;
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}

/** Cuts or slows one proxy of the pair; every fourth time all of them. */
function disturb({ kind, choice, delayMs }: Fault, { links }: Stage): Undo {
  const proxies = links[kind.target as LinkName];
  const one = Math.floor(choice * (proxies.length + 1));
  const hit = one === proxies.length ? proxies : proxies.slice(one, one + 1);
  for (const proxy of hit) {
    if (kind.action === "cut") proxy.cut();
    else proxy.slow(delayMs);
  }
  return () => {
    for (const proxy of hit) proxy.heal();
  };
}
