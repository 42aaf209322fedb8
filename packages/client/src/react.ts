import { useEffect, useSyncExternalStore } from "react";
import type { Live, Parley, Room, Status, Timeline } from "./types.ts";

/** The value of now; renders again when it changes. */
export function useLive<T>(live: Live<T>): T {
  const read = () => live.value;
  return useSyncExternalStore(live.subscribe, read, read);
}

/** Connects for as long as the component is mounted. */
export function useStatus(parley: Parley): Status {
  useEffect(() => parley.connect(), [parley]);
  return useLive(parley.status);
}

/**
 * Opens a room for as long as the component is mounted, and shows its messages.
 *
 * @example
 * const { room, timeline } = useRoom(parley, "general");
 */
export function useRoom(parley: Parley, id: string): { room: Room; timeline: Timeline } {
  const room = parley.rooms.get(id);
  useEffect(() => room.open(), [room]);
  return { room, timeline: useLive(room.timeline) };
}
