import { createHash } from "node:crypto";

const ITERATIONS = 60_000;
const FRAME = JSON.stringify({ type: "message", id: "m1", room: "general", body: "x".repeat(200) });

/**
 * CPU time of one round of a fixed loop, µs: parse a frame, write it again, hash it. A multiple of it means the same on
 * a slow machine, a busy one and a fast one.
 */
export function calibrate(): number {
  let sum = 0;
  const round = () => {
    const before = process.cpuUsage();
    for (let i = 0; i < ITERATIONS; i += 1) {
      const text = JSON.stringify(JSON.parse(FRAME));
      sum += createHash("sha256").update(text).digest()[0] ?? 0;
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / ITERATIONS;
  };
  round();
  const us = Math.min(round(), round());
  return sum < 0 ? 0 : us;
}
