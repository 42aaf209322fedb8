import fc from "fast-check";
import { expect, it } from "vitest";
import { COLUMNS, type Column, check } from "./checker.ts";
import type { Delivery, Entry, Evidence, Reception, Row, Sent } from "./evidence.ts";

const ROOM = "general";
const COUNT = 20;

type Mutable = {
  sent: Sent[];
  rows: Row[];
  history: Map<string, Entry[]>;
  receptions: (Reception & { received: Delivery[] })[];
  early: string[];
  cursorsBack: number;
};

/** A run of `count` messages in which everything went well. */
function perfect(count = COUNT): Mutable {
  const seqs = Array.from({ length: count }, (_, i) => i + 1);
  const entries = seqs.map((seq) => ({ seq, author: "alice", id: `m${seq}`, body: `message ${seq}` }));
  return {
    sent: entries.map(({ author, id, body }) => ({
      author,
      id,
      body,
      room: ROOM,
      acks: [{ at: 1, duplicate: false }],
      seqs: [],
      refusals: [],
      abandoned: false,
    })),
    rows: entries.map((entry) => ({ ...entry, room: ROOM, logSeq: entry.seq * 2 })),
    history: new Map([[ROOM, [...entries]]]),
    receptions: [
      {
        member: "bob",
        room: ROOM,
        after: 0,
        received: entries.map((entry) => ({ ...entry, connection: 1 })),
      },
    ],
    early: [],
    cursorsBack: 0,
  };
}

const at = <T>(list: readonly T[], index: number): T => list[index] as T;
const receivedIn = (evidence: Mutable) => at(evidence.receptions, 0).received;
const swap = <T>(list: T[], one: number, other: number) => {
  const kept = at(list, one);
  list[one] = at(list, other);
  list[other] = kept;
};

/** One planted anomaly for each column, and the columns that it also shows in. */
const PLANTS: Record<Column, { plant: (evidence: Mutable, n: number) => void; also?: Column[] }> = {
  lost: {
    plant: (evidence, n) =>
      evidence.sent.push({
        ...at(evidence.sent, n),
        id: "never-stored",
        acks: [{ at: 2, duplicate: false }],
      }),
  },
  duplicated: {
    plant: (evidence, n) => receivedIn(evidence).splice(n + 1, 0, at(receivedIn(evidence), n)),
  },
  unexpected: { plant: (evidence, n) => evidence.sent.splice(n, 1) },
  holes: {
    plant: (evidence, n) => {
      receivedIn(evidence).splice(n, 1);
      evidence.rows.splice(n, 1);
      evidence.sent.splice(n, 1);
      at([...evidence.history.values()], 0).splice(n, 1);
    },
  },
  inversions: { plant: (evidence, n) => swap(receivedIn(evidence), n, n + 1), also: ["holes"] },
  missing: { plant: (evidence, n) => receivedIn(evidence).splice(n, 1), also: ["holes"] },
  early: {
    plant: (evidence) =>
      receivedIn(evidence).push({ seq: COUNT + 1, author: "alice", id: "x", body: "x", connection: 1 }),
  },
  contradicted: { plant: (evidence, n) => at(evidence.sent, n).seqs.push(n + 2) },
  reordered: {
    plant: (evidence, n) => {
      receivedIn(evidence)[n] = { ...at(receivedIn(evidence), n), id: "another" };
    },
  },
  unfenced: {
    plant: (evidence) => {
      evidence.cursorsBack = 1;
    },
  },
};

const columnsFound = (evidence: Evidence) =>
  Object.entries(check(evidence).counts)
    .filter(([, count]) => count > 0)
    .map(([column]) => column as Column);

it("finds nothing in a run in which everything went well", () => {
  const verdict = check(perfect());
  expect(Object.values(verdict.counts).every((count) => count === 0)).toBe(true);
  expect(verdict).toMatchObject({ acked: COUNT, unknown: 0, received: COUNT });
});

it.each(Object.keys(COLUMNS) as Column[])("finds a planted anomaly, wherever it is: %s", (column) => {
  const { plant, also = [] } = PLANTS[column];
  fc.assert(
    fc.property(fc.integer({ min: 1, max: COUNT - 3 }), (n) => {
      const evidence = perfect();
      plant(evidence, n);
      expect(new Set(columnsFound(evidence))).toEqual(new Set([column, ...also]));
      expect(check(evidence).samples[column]?.length).toBeGreaterThan(0);
    }),
  );
});

it.each<[what: string, columns: Column[], plant: (evidence: Mutable) => unknown]>([
  [
    "a message that is in history twice",
    ["duplicated"],
    ({ rows, history, receptions }) => {
      const twice = { ...at(rows, 3), seq: COUNT + 1, logSeq: 1_000 };
      rows.push(twice);
      history.get(ROOM)?.push(twice);
      at(receptions, 0).received.push({ ...twice, connection: 1 });
    },
  ],
  [
    "a body that was not sent",
    ["unexpected", "reordered"],
    ({ rows }) => rows.splice(4, 1, { ...at(rows, 4), body: "x" }),
  ],
  [
    "rows in another order than the log",
    ["reordered"],
    ({ rows }) => rows.splice(4, 1, { ...at(rows, 4), logSeq: 1 }),
  ],
  ["REST pages that leave something out", ["reordered"], ({ history }) => history.get(ROOM)?.pop()],
  [
    "a message that was acknowledged and refused",
    ["contradicted"],
    ({ sent }) => at(sent, 2).refusals.push("forbidden"),
  ],
])("finds %s", (_what, columns, plant) => {
  const evidence = perfect();
  plant(evidence);
  expect(columnsFound(evidence)).toEqual(columns);
});

it("counts a send without an outcome as unknown, whether it was stored or not", () => {
  const evidence = perfect();
  at(evidence.sent, 2).acks.length = 0;
  evidence.sent.push({ ...at(evidence.sent, 3), id: "abandoned", acks: [], abandoned: true });
  expect(columnsFound(evidence)).toEqual([]);
  expect(check(evidence)).toMatchObject({ unknown: 2, acked: COUNT - 1 });
});
