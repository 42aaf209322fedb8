import type { ComponentType } from "preact";
import type { Route } from "../state/route.ts";

/** Screens whose scripts are loaded when they are shown first, by the name of their route. */
export const SCREENS: Readonly<Partial<Record<Route["name"], () => Promise<ComponentType>>>> = {
  account: async () => (await import("../account/account-screen.tsx")).AccountScreen,
  channels: async () => (await import("../rooms/channels-screen.tsx")).ChannelsScreen,
  details: async () => (await import("../rooms/details-screen.tsx")).DetailsScreen,
  invitations: async () => (await import("../rooms/invitations-screen.tsx")).InvitationsScreen,
  invite: async () => (await import("../rooms/link-screen.tsx")).LinkScreen,
  new: async () => (await import("../rooms/new-screen.tsx")).NewScreen,
  search: async () => (await import("../search/search-screen.tsx")).SearchScreen,
};
