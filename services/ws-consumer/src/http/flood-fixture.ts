import { Agent, request } from "node:http";
import { parentPort, workerData } from "node:worker_threads";

/** What a flood sends: one request, `atOnce` in parallel, again as soon as it is answered. */
export type Flood = Readonly<{
  url: string;
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  atOnce: number;
}>;

/** Pause after a connection was refused, ms. */
const REFUSED_MS = 5;
/** Another address than that of innocent users. */
const LOCAL_ADDRESS = "127.0.0.2";

function start({ url, method = "GET", headers = {}, body, atOnce }: Flood): void {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const answers: Record<string, number> = {};
  const ask = () => {
    const options = { agent, method, headers, localAddress: LOCAL_ADDRESS };
    const sent = request(url, options, (answer) => {
      const status = String(answer.statusCode);
      answers[status] = (answers[status] ?? 0) + 1;
      answer.resume().on("end", ask).on("error", later);
    });
    const later = () => {
      answers.refused = (answers.refused ?? 0) + 1;
      setTimeout(ask, REFUSED_MS);
    };
    sent.on("error", later);
    sent.end(body);
  };
  for (let i = 0; i < atOnce; i += 1) ask();
  parentPort?.on("message", () => parentPort?.postMessage(answers));
}

// Imported for its type by the test, run as a worker.
if (parentPort) start(workerData as Flood);
