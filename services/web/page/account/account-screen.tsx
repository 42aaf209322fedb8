import { useSignal } from "@preact/signals";
import { Confirm, type Question } from "../parts/confirm.tsx";
import { Screen } from "../parts/screen.tsx";
import { screens } from "../text/en-screens.ts";
import { Appearance } from "./appearance.tsx";
import { BlocksSection } from "./blocks-section.tsx";
import { PasswordSection } from "./password-section.tsx";
import { ProfileSection } from "./profile-section.tsx";
import { SessionsSection } from "./sessions-section.tsx";
import { YoursSection } from "./yours-section.tsx";

/** The user's account. */
export function AccountScreen() {
  const asked = useSignal<Question | undefined>(undefined);
  return (
    <Screen title={screens.account.title}>
      <ProfileSection />
      <Appearance />
      <SessionsSection asked={asked} />
      <PasswordSection />
      <BlocksSection />
      <YoursSection />
      <Confirm asked={asked} />
    </Screen>
  );
}
