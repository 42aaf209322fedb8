// The chat page in a real Chromium, against real services. One stack and one browser serve all.
import "./placing-fixture.ts";
import "./reading-fixture.ts";
import "./writing-fixture.ts";
import "./completing-fixture.ts";
import "./stored-fixture.ts";
import "./doors-fixture.ts";
import "./linking-fixture.ts";
import "./faults-fixture.ts";
import "./people-fixture.ts";
import { usePageStack } from "./running-fixture.ts";

usePageStack({ messageLimit: "on" });
