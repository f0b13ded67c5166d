# syntax=docker/dockerfile:1
# docker build --file docker/server.Dockerfile --tag deepbot-server .
FROM node:24.21.0-slim AS tools
ENV CI=true TURBO_TELEMETRY_DISABLED=1
WORKDIR /src

# Only the packages of this program, so that changes elsewhere do not rebuild it.
FROM tools AS pruned
COPY . .
RUN npx -y turbo@2.11.11 prune @deepbot/server --docker

FROM tools AS built
COPY --from=pruned /src/out/json/ ./
RUN npx -y pnpm@12.21.0 install --frozen-lockfile
COPY --from=pruned /src/out/full/ ./
COPY tsconfig.base.json ./
RUN npx -y pnpm@12.21.0 exec turbo run build --filter=@deepbot/server
# The bundle, and the packages that it does not contain.
RUN mkdir -p image/node_modules/@electric-sql \
  && cp -RL apps/server/package.json apps/server/dist image/ \
  && cp -RL apps/server/node_modules/swagger-ui-dist image/node_modules/ \
  && cp -RL apps/server/node_modules/@electric-sql/pglite image/node_modules/@electric-sql/

FROM node:24.21.0-slim
ENV HOST=0.0.0.0 PORT=8000
WORKDIR /app
COPY --from=built /src/image/ ./
COPY docker/healthcheck.mjs ./
USER node
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=3 \
  CMD ["node", "healthcheck.mjs", "http://127.0.0.1:8000/readyz"]
CMD ["node", "dist/server/main.js"]
