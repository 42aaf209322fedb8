# One file for all images of Parley: `docker build --target auth .` and so on; docker-compose.yml builds them all.
# Services run straight from their TypeScript sources: only the chat page is built.
# Base images have full versions; Node's is that of package.json.

FROM docker.io/library/node:24.21.0-bookworm-slim AS base
WORKDIR /app

# What npm reads and nothing else, so that a change of the sources does not install anything again.
FROM base AS manifests
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete \
 && find . -type d -empty -delete

# The code that is generated from proto/. Install scripts are not run anywhere: the image has its own Node, and
# everything else that is needed here comes ready in its package.
FROM base AS generated
COPY --from=manifests /app ./
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --include-workspace-root --workspace @parley/proto
COPY proto proto
RUN npm run generate

# Packages for production, for one workspace each. Without the development dependencies in the manifests a service
# does not bring along what only its tests use.
FROM base AS production
COPY --from=manifests /app ./
RUN npm pkg delete devDependencies --workspaces --include-workspace-root

FROM production AS auth-packages
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --omit=dev --workspace @parley/auth

FROM production AS ws-producer-packages
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --omit=dev --workspace @parley/ws-producer

FROM production AS ws-consumer-packages
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --omit=dev --workspace @parley/ws-consumer

FROM production AS web-packages
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --omit=dev --workspace @parley/web

# The page is the one part that is built.
FROM base AS web-page
COPY --from=manifests /app ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --workspace @parley/web
COPY tsconfig.base.json ./
COPY packages/client packages/client
COPY services/web services/web
RUN npm run page -w @parley/web

# The optional packages here are the Postgres programs for `make start`.
FROM production AS migrate-packages
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --omit=dev --omit=optional --workspace @parley/devstack

FROM base AS service
ENV NODE_ENV=production HOST=0.0.0.0
# What every image may need of the sources.
FROM scratch AS sources
COPY packages/runtime /packages/runtime
COPY packages/protocol /packages/protocol
COPY packages/identity /packages/identity
COPY packages/socket /packages/socket
COPY deploy/image /deploy/image
COPY --from=generated /app/proto/gen /proto/gen
COPY proto/parley /proto/parley

FROM service AS auth
COPY --from=auth-packages /app ./
COPY --from=sources / ./
COPY services/auth/src services/auth/src
USER node
EXPOSE 8080 50051
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
  CMD node deploy/image/ready.ts "${AUTH_HTTP_PORT:-8080}"
CMD ["node", "services/auth/src/main.ts"]

FROM service AS ws-producer
COPY --from=ws-producer-packages /app ./
COPY --from=sources / ./
COPY services/ws-producer/src services/ws-producer/src
USER node
EXPOSE 8081
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
  CMD node deploy/image/ready.ts "${PRODUCER_HTTP_PORT:-8081}"
CMD ["node", "--max-semi-space-size=16", "services/ws-producer/src/main.ts"]

FROM service AS ws-consumer
COPY --from=ws-consumer-packages /app ./
COPY --from=sources / ./
COPY services/ws-consumer/src services/ws-consumer/src
USER node
EXPOSE 8082
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
  CMD node deploy/image/ready.ts "${CONSUMER_HTTP_PORT:-8082}"
CMD ["node", "--max-semi-space-size=16", "services/ws-consumer/src/main.ts"]

FROM service AS web
COPY --from=web-packages /app ./
COPY --from=sources / ./
COPY services/web/src services/web/src
COPY --from=web-page /app/services/web/dist services/web/dist
USER node
EXPOSE 8083
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
  CMD node deploy/image/ready.ts "${WEB_PORT:-8083}"
CMD ["node", "services/web/src/main.ts"]

# Applies migrations/ to DATABASE_URL and ends.
FROM service AS migrate
COPY --from=migrate-packages /app ./
COPY --from=sources / ./
COPY packages/devstack/src packages/devstack/src
COPY migrations migrations
USER node
CMD ["node", "packages/devstack/src/migrate-main.ts"]

# nats-server without root: a new volume on /data takes its owner from here. At least 2.15.1: older servers drop
# settings of the log silently.
FROM docker.io/library/nats:2.15.1-alpine AS nats
RUN mkdir -p /data && chown 1000:1000 /data
USER 1000:1000

# Caddy without root. The official program may bind ports below 1024, a right that no container gets here, so that it could
# not be run; the copy asks for none.
FROM docker.io/library/caddy:2.11.4-alpine AS edge
RUN cp /usr/bin/caddy /usr/local/bin/caddy && mkdir -p /data /config && chown 1000:1000 /data /config
USER 1000:1000
EXPOSE 8443 8080
CMD ["/usr/local/bin/caddy", "run", "--config", "/etc/caddy/Caddyfile"]
