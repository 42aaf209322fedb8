/** AnyCable's HTTP broadcasting: one request at a time, and what comes due meanwhile goes together in the next one. */
import { Agent, request } from "node:http";

const AGENT = new Agent({ keepAlive: true, maxSockets: 1 });
const CREATED = 201;

/** Gives a function that resolves once AnyCable has taken the publication; publications keep their order. */
export function broadcaster(url, key) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  let due = [];
  let isPosting = false;
  const postAll = async () => {
    isPosting = true;
    while (due.length > 0) {
      const batch = due;
      due = [];
      try {
        await post(url, headers, JSON.stringify(batch.map(({ publication }) => publication)));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isPosting = false;
  };
  return (stream, message) =>
    new Promise((resolve, reject) => {
      due.push({ publication: { stream, data: JSON.stringify(message) }, resolve, reject });
      if (!isPosting) void postAll();
    });
}

function post(url, headers, body) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", agent: AGENT, headers }, (answer) => {
      answer.resume();
      answer.once("error", reject);
      answer.once("end", () =>
        answer.statusCode === CREATED
          ? resolve()
          : reject(new Error(`AnyCable answered ${answer.statusCode} to a broadcast`)),
      );
    });
    sent.once("error", reject);
    sent.end(body);
  });
}
