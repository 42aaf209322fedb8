// S1 to S15 in Node. One stack serves all: starting it takes as long as most of them.
import "./connecting-fixture.ts";
import "./messages-fixture.ts";
import "./tabs-fixture.ts";
import "./contract-services-fixture.ts";
import "./bot-fixture.ts";
import "./faults-fixture.ts";
