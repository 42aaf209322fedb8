import type { ComponentType } from "preact";
import type { Route } from "../state/route.ts";

/** Screens whose scripts are loaded when they are shown first, by the name of their route. */
export const SCREENS: Readonly<Partial<Record<Route["name"], () => Promise<ComponentType>>>> = {
  account: async () => (await import("../account/account-screen.tsx")).AccountScreen,
};
