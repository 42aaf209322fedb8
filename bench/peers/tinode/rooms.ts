import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AccountConnection } from "./account.ts";
import { MEMBER_MODE } from "./dialect.ts";

/**
 * Says which group topic is a room: Tinode gives topics their names, and members in several processes must find the
 * same one. A room is made when it is first asked for, by an account of the bench that leaves it again; it stays its
 * owner, without the right to read, so that it costs no delivery.
 *
 * @throws if the port is taken.
 */
export async function serveRooms(owner: AccountConnection, port: number): Promise<Server> {
  const rooms = new Map<string, Promise<string>>();
  const server = createServer((request, response) => {
    const name = String(request.url).slice(1);
    let topic = rooms.get(name);
    if (topic === undefined) {
      topic = makeTopic(owner, rooms.size);
      rooms.set(name, topic);
    }
    topic.then(
      (text) => response.end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function makeTopic(owner: AccountConnection, n: number): Promise<string> {
  const access = `"desc":{"defacs":{"auth":"${MEMBER_MODE}","anon":"${MEMBER_MODE}"}},"sub":{"mode":"JO"}`;
  const made = await owner.ask(`make${n}`, `{"sub":{"id":"make${n}","topic":"new${n}","set":{${access}}}}`);
  await owner.ask(`leave${n}`, `{"leave":{"id":"leave${n}","topic":"${made.topic}"}}`);
  return String(made.topic);
}
