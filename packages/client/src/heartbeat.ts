import type { Timers } from "./timers.ts";

/** How long a socket that is doubted may be silent, ms. */
const PROBE_MS = 3_000;
/** A tick that comes so many times later than it should proves nothing: timers were throttled or the page frozen. */
const LATE = 1.5;

export interface Heartbeat {
  /** Something was received. */
  heard(): void;
  /** Asks the server for a sign of life and gives up after 3 s of silence. */
  probe(): void;
  stop(): void;
}

/**
 * Notices a connection that is dead without being closed. Sends a ping after `intervalMs` of silence and calls `onDead`
 * if that brings nothing. Browsers show no WebSocket pings, so it is a frame.
 */
export function startHeartbeat(
  timers: Timers,
  intervalMs: number,
  ping: () => void,
  onDead: () => void,
): Heartbeat {
  const step = intervalMs / 2;
  let heardAt = timers.now();
  let pingedAt = heardAt - 1;
  let tickAt = heardAt;
  let stopTick = (): void => undefined;
  let stopProbe = (): void => undefined;
  const send = () => {
    pingedAt = timers.now();
    ping();
  };
  const isSilent = () => pingedAt > heardAt;
  const tick = () => {
    const now = timers.now();
    const isLate = now - tickAt > step * LATE;
    tickAt = now;
    stopTick = timers.after(step, tick);
    if (!isLate && isSilent() && now - pingedAt >= step * 0.9) onDead();
    else if (now - heardAt >= intervalMs * 0.9 && (isLate || !isSilent())) send();
  };
  stopTick = timers.after(step, tick);
  return {
    heard() {
      heardAt = timers.now();
    },
    probe() {
      stopProbe();
      send();
      // A pong in the same millisecond as the ping must count.
      heardAt = Math.min(heardAt, pingedAt - 1);
      stopProbe = timers.after(PROBE_MS, () => {
        if (isSilent()) onDead();
      });
    },
    stop() {
      stopTick();
      stopProbe();
    },
  };
}
