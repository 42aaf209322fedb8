// S1 to S15 in Node and in Chromium. One stack and one browser serve all: starting them takes as long as most of the tests.
import "./connecting-fixture.ts";
import "./messages-fixture.ts";
import "./tabs-fixture.ts";
import "./people-fixture.ts";
import "./contract-services-fixture.ts";
import "./bot-fixture.ts";
import "./service-accounts-fixture.ts";
import "./own-users-fixture.ts";
import "./chromium-pages-fixture.ts";
import "./chromium-connecting-fixture.ts";
import "./chromium-messages-fixture.ts";
import "./chromium-tabs-fixture.ts";
import "./memory-fixture.ts";
import "./faults-fixture.ts";
